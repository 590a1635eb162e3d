/** `guestmem show` against what the demo VMM says it set up; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import type { Memslot, VmDetails } from '../../src/common/model';
import type { DemoMemslot } from '../support/demoVmm';
import { guestmem, guestmemJson } from '../support/guestmem';
import { hex } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

/** The memslots of address space 0 that the VMM made, in the order of their ids. */
function memslots(details: VmDetails): Memslot[] {
    return (details.addressSpaces.find((space) => space.id === 0)?.memslots ?? [])
        .filter((slot) => !slot.internal)
        .sort((one, other) => one.id - other.id);
}

const core = ({ id, gpa, size, hva, flags }: Memslot | DemoMemslot) => ({ id, gpa, size, hva, flags: [...flags].sort() });
const bytesOf = (range: { readonly size: string } | null) => BigInt(range?.size ?? 0);

describe('show: the demo VMM', () => {
    const vmm = suiteVmm(['--vcpus', '2', '--slots', '3']);
    const show = () => guestmemJson<VmDetails>(['show', vmm().id]);
    const inode = (fd: number) => statSync(`/proc/${vmm().report.pid}/fd/${fd}`).ino;

    it('has the memslots that the VMM made', async () => {
        assert.deepEqual(memslots(await show()).map(core), vmm().report.memslots.map(core));
    });

    it('binds memslots to guest_memfds as the VMM did', async () => {
        const shown = memslots(await show());
        for (const slot of vmm().report.memslots) {
            const expected =
                slot.guestMemfd === null
                    ? null
                    : { inode: inode(slot.guestMemfd.fd), fd: slot.guestMemfd.fd, offset: slot.guestMemfd.offset };
            assert.deepEqual(shown[slot.id]?.guestMemfd, expected, `memslot ${slot.id}`);
            // The guest_memfds of a default VM can be mapped, so KVM ignores the HVA.
            assert.equal(shown[slot.id]?.gmemOnly, slot.guestMemfd !== null, `memslot ${slot.id}`);
        }
    });

    it('says what the VMM has mapped behind each memslot', async () => {
        const shown = memslots(await show());
        const kindOf = (slot: DemoMemslot | undefined) => shown[slot?.id ?? -1]?.backing?.kind;
        assert.equal(kindOf(vmm().memslot('anonymous')), 'anonymous');
        assert.equal(kindOf(vmm().memslot('read-only')), 'anonymous');
        assert.equal(kindOf(vmm().memslot('memfd')), 'memfd');
        assert.match(shown[vmm().memslot('memfd').id]?.backing?.path ?? '', /guest-ram/);
        if (vmm().report.guestMemfds.length > 0) {
            assert.equal(kindOf(vmm().memslot('guest_memfd')), 'guest_memfd');
            assert.equal(kindOf(vmm().memslot('guest_memfd', 1)), 'guest_memfd');
        }
    });

    it('has the guest_memfds, the unbound one too, with what is allocated and prepared', async () => {
        const { guestMemfds, memslots: slots } = vmm().report;
        const shown = (await show()).guestMemfds;
        const expected = guestMemfds.map(({ fd, size, flags }) => {
            const bound = slots.filter((slot) => slot.guestMemfd?.fd === fd);
            const prepared = bound.reduce((sum, slot) => sum + bytesOf(slot.touched), 0n);
            const untouched = bound.reduce((sum, slot) => sum + bytesOf(slot.cached), 0n);
            return {
                inode: inode(fd),
                fds: [fd],
                size,
                flags,
                // The VMM fills 64 KiB of the guest_memfd that no memslot uses.
                allocated: hex(bound.length > 0 ? prepared + untouched : 0x10000n),
                prepared: hex(prepared),
                bindings: bound.map((slot) => ({
                    addressSpace: 0,
                    memslot: slot.id,
                    offset: slot.guestMemfd?.offset,
                    size: slot.size,
                })),
            };
        });
        const byFd = [...shown].sort((one, other) => (one.fds[0] ?? 0) - (other.fds[0] ?? 0));
        assert.deepEqual(
            byFd.map(({ inode: number, fds, size, flags, allocated, prepared, bindings }) => ({ inode: number, fds, size, flags, allocated, prepared, bindings })),
            expected,
        );
    });

    it('has the vCPUs with their fds and threads', async () => {
        const { pid, vcpus } = vmm().report;
        const shown = (await show()).vcpus;
        assert.deepEqual(
            shown.map((vcpu) => vcpu.id),
            Array.from({ length: vcpus }, (_, id) => id),
        );
        const threads = readdirSync(`/proc/${pid}/task`).filter(
            (tid) => readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trim() === 'vcpu',
        );
        assert.deepEqual(shown.map((vcpu) => String(vcpu.tid)).sort(), threads.sort());
        for (const vcpu of shown) {
            assert.equal(readlinkSync(`/proc/${pid}/fd/${vcpu.fd ?? -1}`), `anon_inode:kvm-vcpu:${vcpu.id}`);
        }
    });

    it('says where the vCPUs stand: halted, after the HLT of the guest’s code', async () => {
        await vmm().setPaused(true);
        const { vcpus, unknown } = await show();
        for (const { id, exit, rip, cr3 } of vcpus) {
            assert.deepEqual(exit, { reason: 'hlt', memoryFault: null }, `vCPU ${id}`);
            assert.equal(rip, '0x5001', `vCPU ${id}`);
            if (cr3 === null) assert.ok(unknown.some(({ field }) => field === 'vcpus.cr3'));
            else assert.equal(cr3, '0x1000', `vCPU ${id}`);
        }
        const { stdout } = await guestmem(['show', vmm().id]);
        assert.match(stdout, /^vCPUs\n.*LAST EXIT\n *0 .* 0x5001 .* hlt\n *1 .* 0x5001 .* hlt\n/m);
        await vmm().setPaused(false);
    });

    it('knows that a default VM has no private memory', async () => {
        const { capabilities } = await show();
        assert.deepEqual(capabilities.attributes, []);
        assert.equal(capabilities.attributeScope, vmm().report.guestMemfds.length > 0 ? 'guest_memfd' : 'none');
    });

    it('accepts the bare pid, and prints for a terminal', async () => {
        const outcome = await guestmem(['show', String(vmm().report.pid)]);
        assert.equal(outcome.code, 0, outcome.stderr);
        for (const slot of vmm().report.memslots) assert.ok(outcome.stdout.includes(slot.gpa), slot.gpa);
    });
});

for (const [count, size] of [
    [8192, '64K'],
    [32757, '4K'], // With the others as many as KVM permits, 32,764.
] as const) {
    describe(`show: ${count} further memslots`, () => {
        const vmm = suiteVmm(['--slots', String(count), '--slot-size', size]);

        it('has every one of them', async () => {
            const details = await guestmemJson<VmDetails>(['show', vmm().id]);
            assert.deepEqual(memslots(details).map(core), vmm().report.memslots.map(core));
        });
    });
}
