/**
 * The suite about double-backed memory of a VM without private memory: the guest uses its guest_memfd alone, and the VMM
 * writes to what it has mapped at the HVA. Needs guest_memfd for default VMs (Linux 6.18).
 */
import assert from 'node:assert/strict';
import type { AddressFacts } from '../../src/common/explain/explanation';
import type { PageMap } from '../../src/common/model';
import { doubleBackedPages, sumOf, totalsOf, writeAtHva } from './doubleBacked';
import { guestmem, guestmemJson } from './guestmem';
import { presentPages } from './pagemap';
import { hex, page, pagesOf, runAt, startOf } from './pages';
import { skip } from './skip';
import { suiteVmm } from './suiteVmm';

export function describeGuestMemfdAlone(): void {
    describe('double-backed: a guest_memfd alone backs the guest', () => {
        const vmm = suiteVmm(['--gmem', '1M', '--memory', '4M']);
        const slot = () => vmm().report.memslots.find(({ size, guestMemfd }) => size === '0x100000' && guestMemfd !== null);
        const gpaOf = (index: bigint) => startOf(slot() ?? assert.fail()) + index * page;
        const mapOf = () => guestmemJson<PageMap>(['map', vmm().id]);

        before(async function () {
            const itsSlot = slot();
            if (itsSlot === undefined) skip(this, 'this kernel has no guest_memfd for default VMs');
            const hva = BigInt(itsSlot.hva);
            for (const index of [0n, 1n, 2n, 3n]) await vmm().write(gpaOf(index), 0x11);
            // What KVM emulates it does through the HVA.
            if (presentPages(vmm().report.pid, hva, page)[0] === true) skip(this, 'KVM emulates what this guest does instead of mapping its memory');
            for (const index of [2n, 3n, 4n, 5n]) writeAtHva(vmm().report.pid, hva + index * page, 0x22);
        });

        it('is counted where both sides hold a page, in the memslot and in all', async () => {
            const itsSlot = slot() ?? assert.fail();
            const { runs, totals } = await mapOf();
            const expected = doubleBackedPages(vmm(), itsSlot);
            assert.deepEqual(expected.slice(0, 6), [false, false, true, true, false, false]);
            const shown = pagesOf(itsSlot).map((gpa) => {
                const { hvaBacking, gmemBacking } = runs.find((run) => startOf(run) <= gpa && gpa < startOf(run) + BigInt(run.size)) ?? assert.fail();
                return hvaBacking.state === 'present' && (gmemBacking.state === 'allocated' || gmemBacking.state === 'prepared');
            });
            assert.deepEqual(shown, expected);
            assert.equal(totalsOf(totals).get(itsSlot.id), '0x2000');
            assert.equal(totals.doubleBacked, '0x2000', 'an HVA that maps its guest_memfd counts once');
            assert.equal(sumOf(totalsOf(totals)), totals.doubleBacked);
        });

        it('is what the guest does not use', async () => {
            const map = await mapOf();
            for (const index of [0n, 2n]) {
                assert.equal(runAt(map, gpaOf(index)).guestUses, 'guest_memfd');
                assert.equal((await vmm().read(gpaOf(index))).value, 0x11, `page ${index}`);
            }
            const facts = await guestmemJson<AddressFacts>(['explain', vmm().id, hex(gpaOf(2n))]);
            assert.equal(facts.doubleBacked, true);
        });

        it('is said on a terminal, by memslot and by address', async () => {
            const { stdout } = await guestmem(['map', vmm().id]);
            const row = new RegExp(`^SLOT +PRIVATE +SHARED +DOUBLE-BACKED\\n +${slot()?.id ?? ''} +0 B +1 MiB +8 KiB\\n`, 'm');
            assert.match(stdout, row);
            const explained = await guestmem(['explain', vmm().id, hex(gpaOf(2n))]);
            assert.match(explained.stdout, /^Double-backed +yes: the page of the HVA side takes memory, and the guest does not use it$/m);
        });
    });
}
