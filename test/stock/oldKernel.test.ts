/** What still works on Debian 12's own kernel, 6.1, which has no guest_memfd, no attributes, no PAGEMAP_SCAN. */
import assert from 'node:assert/strict';
import type { MemoryRead, PageMap, VmDetails, VmList } from '../../src/common/model';
import { guestmemError, guestmemJson } from '../support/guestmem';
import { presentPages } from '../support/pagemap';
import { contains, hex, page, pagesOf, runAt, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

describe('a kernel without guest_memfd', () => {
    const vmm = suiteVmm(['--slots', '2']);

    it('has VMs', async () => {
        const { vms } = await guestmemJson<VmList>(['vms']);
        assert.deepEqual(
            vms.map(({ id, vcpus }) => [id, vcpus]),
            [[vmm().id, 1]],
        );
    });

    it('has the memslots that the VMM made, and no guest_memfd', async () => {
        const { addressSpaces, guestMemfds, capabilities } = await guestmemJson<VmDetails>(['show', vmm().id]);
        const own = (addressSpaces[0]?.memslots ?? []).filter(({ internal }) => !internal);
        const core = ({ id, gpa, size, hva }: { id: number; gpa: string; size: string; hva: string }) => ({ id, gpa, size, hva });
        assert.deepEqual(own.map(core).sort((a, b) => a.id - b.id), vmm().report.memslots.map(core));
        assert.deepEqual(guestMemfds, []);
        assert.equal(capabilities.attributeScope, 'none');
    });

    it('says where the vCPU stands: halted, after the HLT of the guest’s code', async () => {
        await vmm().setPaused(true);
        const { vcpus } = await guestmemJson<VmDetails>(['show', vmm().id]);
        const seen = vcpus.map(({ exit, rip, cr3 }) => ({ exit, rip, cr3 }));
        assert.deepEqual(seen, [{ exit: { reason: 'hlt', memoryFault: null }, rip: '0x5001', cr3: '0x1000' }]);
        await vmm().setPaused(false);
    });

    it('shows which pages the VMM maps, as /proc/PID/pagemap tells', async () => {
        const map = await guestmemJson<PageMap>(['map', vmm().id]);
        for (const slot of vmm().report.memslots) {
            const present = presentPages(vmm().report.pid, BigInt(slot.hva), BigInt(slot.size));
            for (const [index, gpa] of pagesOf(slot).entries()) {
                const run = runAt(map, gpa);
                const mapped = run.hvaBacking.state === 'zero' || (run.hvaBacking.state === 'present' && run.hvaBacking.mapped);
                assert.equal(mapped, present[index], `GPA ${hex(gpa)}`);
                assert.deepEqual([run.attribute, run.gmemBacking.state], ['shared', 'none'], `GPA ${hex(gpa)}`);
            }
        }
    });

    it('shows which pages KVM maps for the guest, and which it logged as dirty', async () => {
        const map = await guestmemJson<PageMap>(['map', vmm().id]);
        for (const slot of vmm().report.memslots) {
            for (const gpa of pagesOf(slot)) {
                const { guestMapping, dirty } = runAt(map, gpa);
                const touched = contains(slot.touched, gpa);
                assert.equal(guestMapping?.level, touched ? '4K' : 'none', `GPA ${hex(gpa)}`);
                assert.equal(dirty, slot.kind === 'dirty-logged' ? touched : null, `GPA ${hex(gpa)}`);
            }
        }
    });

    it('reads what the guest reads', async () => {
        const gpa = startOf(vmm().memslot('memfd'));
        await vmm().write(gpa + 5n, 0xa5);
        const { bytes, ranges } = await guestmemJson<MemoryRead>(['read', vmm().id, hex(gpa), hex(page)]);
        assert.equal(Buffer.from(bytes, 'base64')[5], 0xa5);
        assert.deepEqual(ranges.map(({ source }) => source), ['page']);
    });

    it('refuses a conversion with the reason', async () => {
        const range = `${vmm().memslot('memfd').gpa}+${hex(page)}`;
        assert.equal((await guestmemError(['convert', vmm().id, range, 'private', '--yes'], 1)).code, 'unsupported');
    });
});
