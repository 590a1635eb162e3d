/** The suite that holds `guestmem` against QEMU's own word about its memory; it needs /dev/kvm, root and QEMU. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FindingList } from '../../src/common/finding';
import type { AddressFacts } from '../../src/common/explain/explanation';
import type { Memslot, MemoryRead, PageMap, VmDetails, VmList } from '../../src/common/model';
import { guestmemJson } from './guestmem';
import { hex } from './pages';
import { Qemu, qemuProgram, type TracedMemslot } from './qemu';
import { requireKvm, requireProgram, requireRoot } from './requirements';
import { skip } from './skip';

const flagBits = { 'log-dirty-pages': 1, readonly: 2, 'guest-memfd': 4 };

const asTraced = (addressSpace: number, slot: Memslot): TracedMemslot => ({
    addressSpace,
    id: slot.id,
    gpa: BigInt(slot.gpa),
    size: BigInt(slot.size),
    hva: BigInt(slot.hva),
    flags: slot.flags.reduce((bits, flag) => bits | flagBits[flag], 0),
});

const inOrder = (one: TracedMemslot, other: TracedMemslot) =>
    one.addressSpace - other.addressSpace || one.id - other.id;

/** Touching ranges as one: QEMU may divide what KVM has in one memslot, and the other way round. */
function merged(ranges: readonly { readonly start: bigint; readonly end: bigint }[]): { start: bigint; end: bigint }[] {
    const result: { start: bigint; end: bigint }[] = [];
    for (const { start, end } of [...ranges].sort((one, other) => (one.start < other.start ? -1 : 1))) {
        const last = result.at(-1);
        if (last?.end === start) last.end = end;
        else result.push({ start, end });
    }
    return result;
}

/** `machine` is QEMU's -machine; where KVM lacks System Management Mode, machines that need it are skipped. */
export function describeQemu(machine: string): void {
    describe(`QEMU, machine ${machine}`, () => {
        let started: Qemu | undefined;
        const qemu = (): Qemu => {
            assert(started !== undefined, 'QEMU was not started');
            return started;
        };
        // The second address space is what a vCPU sees in System Management Mode.
        const views = machine.includes('smm=on') ? ['memory', 'KVM-SMRAM'] : ['memory'];
        const show = () => guestmemJson<VmDetails>(['show', String(qemu().pid)]);
        const ownMemslots = (details: VmDetails) =>
            details.addressSpaces.flatMap((space) =>
                space.memslots.filter((slot) => !slot.internal).map((slot) => asTraced(space.id, slot)),
            );

        before(async function () {
            requireKvm(this);
            requireRoot(this);
            requireProgram(this, qemuProgram);
            const words = ['-machine', machine, '-m', '256M', '-smp', '2', '-name', 'witness,debug-threads=on'];
            try {
                started = await Qemu.start(words);
            } catch (error) {
                if (!machine.includes('smm=on') || !String(error).includes('System Management Mode not supported')) throw error;
                skip(this, 'needs a KVM with System Management Mode, which this one lacks');
            }
            await firmwareAtRest(qemu());
        });
        after(async () => started?.stop());

        it('is listed with its name, its vCPUs and all of its memory', async () => {
            const vm = (await guestmemJson<VmList>(['vms'])).vms.find((candidate) => candidate.pid === qemu().pid);
            assert.equal(vm?.name, 'witness');
            assert.equal(vm.vcpus, 2);
            assert.equal(vm.type, 'default');
            const memory = qemu()
                .tracedMemslots()
                .filter((slot) => slot.addressSpace === 0)
                .reduce((sum, slot) => sum + slot.size, 0n);
            assert.equal(vm.memory, hex(memory));
        });

        it('has the memslots that it gave KVM: ids, ranges, HVAs and flags', async () => {
            const traced = qemu().tracedMemslots();
            assert.ok(traced.length > 0, 'the trace has memslots');
            assert.deepEqual(ownMemslots(await show()).sort(inOrder), traced.sort(inOrder));
        });

        it('has nothing that findings would tell', async () =>
            assert.deepEqual((await guestmemJson<FindingList>(['findings', String(qemu().pid)])).findings, []));

        it('has memory where its flat views have it', async () => {
            const details = await show();
            for (const [addressSpace, view] of views.entries()) {
                const ranges = await qemu().kvmRanges(view);
                assert.ok(ranges.length > 0, `QEMU's view ${view} has memory`);
                const slots = ownMemslots(details)
                    .filter((slot) => slot.addressSpace === addressSpace)
                    .map((slot) => ({ start: slot.gpa, end: slot.gpa + slot.size }));
                assert.deepEqual(merged(slots), merged(ranges), view);
            }
        });

        it('is memory, ROM or MMIO at an address, in each address space', async () => {
            const traced = qemu().tracedMemslots();
            for (const [addressSpace, view] of views.entries()) {
                const ranges = await qemu().kvmRanges(view);
                for (const gpa of [0xa8000n, 0x5000000n, 0xfee00000n, 0xfffffff0n]) {
                    const isThere = ranges.some(({ start, end }) => start <= gpa && gpa < end);
                    const slot = traced.find((one) => one.addressSpace === addressSpace && one.gpa <= gpa && gpa < one.gpa + one.size);
                    const isReadonly = ((slot?.flags ?? 0) & flagBits.readonly) !== 0;
                    const words = ['explain', String(qemu().pid), hex(gpa), '--address-space', String(addressSpace)];
                    const { kind } = await guestmemJson<AddressFacts>(words);
                    assert.equal(kind, isThere ? (isReadonly ? 'rom' : 'memory') : 'mmio', `${view}, GPA ${hex(gpa)}`);
                }
            }
        });

        it('has every GPA at the host address that QEMU names', async () => {
            const slots = ownMemslots(await show());
            for (const gpa of [0x1000n, 0x7c00n, 0xc8000n, 0xe9123n, 0xfffffn, 0x100000n, 0xabcdef0n, 0xfffffff0n]) {
                const slot = slots.find(
                    (candidate) =>
                        candidate.addressSpace === 0 && candidate.gpa <= gpa && gpa < candidate.gpa + candidate.size,
                );
                assert(slot !== undefined, hex(gpa));
                assert.equal(hex(slot.hva + (gpa - slot.gpa)), hex(await qemu().hostAddress(gpa)), hex(gpa));
            }
        });

        it('has the bytes that QEMU reads', async () => {
            for (const gpa of [0x400n, 0xf0000n, 0xfe05bn, 0xfffc0000n, 0xffffff80n, 0x5000000n]) {
                const read = await guestmemJson<MemoryRead>(['read', String(qemu().pid), hex(gpa), '0x80']);
                const bytes = Buffer.from(read.bytes, 'base64');
                assert.deepEqual(bytes, await qemu().examine(gpa, 0x80), hex(gpa));
            }
        });

        it('is mapped for the guest as KVM counts it, all address spaces together, where that is known', async () => {
            const details = await show();
            const { pid, fd } = details.vm;
            const spaces = details.addressSpaces.map(({ id }) =>
                guestmemJson<PageMap>(['map', String(pid), '--address-space', String(id)]),
            );
            const maps = await Promise.all(spaces);
            if (maps.some(({ unknown }) => unknown.some(({ field }) => field === 'guestMapping'))) {
                assert.ok(maps.every(({ runs }) => runs.every(({ guestMapping }) => guestMapping === null)));
                return;
            }
            const mapped = maps
                .flatMap(({ runs }) => runs.filter(({ guestMapping }) => guestMapping?.level === '4K'))
                .reduce((sum, { size }) => sum + BigInt(size) / 4096n, 0n);
            assert.ok(mapped > 0n);
            assert.equal(mapped, BigInt(readFileSync(`/sys/kernel/debug/kvm/${pid}-${fd}/pages_4k`, 'utf8').trim()));
        });

        it('has its vCPUs where it says that they are', async () => {
            // One that was stopped amid an access to a device keeps that as its exit: then the firmware goes on for a while.
            for (let stops = 0; stops < 20 && (await show()).vcpus.some(({ exit }) => exit?.reason !== 'intr'); stops++) {
                await qemu().execute('cont');
                await sleep(500);
                await qemu().execute('stop');
            }
            const witness = await qemu().vcpuRegisters();
            assert.equal(witness.length, 2);
            const { vcpus, unknown } = await show();
            for (const [index, { rip, cr3, exit }] of vcpus.entries()) {
                // A signal took them out of KVM_RUN when QEMU was told to stop.
                assert.deepEqual(exit, { reason: 'intr', memoryFault: null });
                for (const [name, value] of Object.entries({ rip, cr3 })) {
                    if (value === null) assert.ok(unknown.some(({ field }) => field === `vcpus.${name}`), name);
                    else assert.equal(value, hex(witness[index]?.[name as 'rip' | 'cr3'] ?? 0n), `${name} of vCPU ${index}`);
                }
            }
            assert.ok(vcpus.some(({ rip }) => rip !== null && rip !== '0x0'));
        });

        it('has a map without private memory that covers its memslots', async () => {
            const map = await guestmemJson<PageMap>(['map', String(qemu().pid)]);
            const runs = map.runs.map((run) => ({ start: BigInt(run.gpa), end: BigInt(run.gpa) + BigInt(run.size) }));
            const slots = qemu()
                .tracedMemslots()
                .filter((slot) => slot.addressSpace === 0)
                .map((slot) => ({ start: slot.gpa, end: slot.gpa + slot.size }));
            assert.deepEqual(merged(runs), merged(slots));
            assert.equal(map.totals.private, '0x0');
            assert.ok(
                map.runs.some((run) => run.hvaBacking.state === 'present'),
                'the firmware touched memory',
            );
        });
    });
}

/** Waits until the firmware has finished moving memslots (it finds nothing to boot), then stops the vCPUs. */
export async function firmwareAtRest(qemu: Qemu): Promise<void> {
    let before = '';
    for (let quiet = 0; quiet < 5; ) {
        await sleep(200);
        const now = qemu
            .tracedMemslots()
            .map((slot) => Object.values(slot).join(' '))
            .join('\n');
        quiet = now === before && now.includes(' ') ? quiet + 1 : 0;
        before = now;
    }
    await qemu.execute('stop');
}
