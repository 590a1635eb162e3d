/** Both copies of a page in a VM with private memory: which is there, and which of them the guest really uses. */
import assert from 'node:assert/strict';
import type { AddressFacts } from '../../src/common/explain/explanation';
import type { PageMap } from '../../src/common/model';
import { doubleBackedTotals, readAtHva, sumOf, totalsOf } from '../support/doubleBacked';
import { describeGuestMemfdAlone } from '../support/doubleBackedSuite';
import { guestmem, guestmemJson } from '../support/guestmem';
import { hex, page, runAt, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

const asShared = 0x11;
const asPrivate = 0x22;

describe('double-backed: a sw-protected VM', () => {
    const vmm = suiteVmm(['--type', 'sw-protected', '--memory', '4M']);
    const slot = () => vmm().memslot('guest_memfd', 1);
    const gpaOf = (index: number) => startOf(slot()) + BigInt(index) * page;
    /** Pages of the slot with these copies; the later ones are private at last. */
    const both = [8, 9, 10, 11];
    const [onlyShared, onlyPrivate, none] = [12, 13, 14];

    before('give pages of one memslot both copies, one or none', async () => {
        await vmm().setPaused(true);
        for (const index of [...both, onlyShared]) await vmm().write(gpaOf(index), asShared);
        await vmm().setAttribute(gpaOf(8), 7n * page, 'private');
        for (const index of [...both, onlyPrivate]) await vmm().write(gpaOf(index), asPrivate);
        await vmm().setAttribute(gpaOf(8), 2n * page, 'shared');
    });

    it('is counted by memslot and in all, as cachestat and pagemap find it', async () => {
        const { totals } = await guestmemJson<PageMap>(['map', vmm().id]);
        const expected = doubleBackedTotals(vmm(), vmm().report.memslots);
        assert.equal(expected.get(slot().id), '0x4000');
        assert.deepEqual(totalsOf(totals), expected);
        assert.equal(totals.doubleBacked, sumOf(expected));
        const { stdout } = await guestmem(['map', vmm().id]);
        assert.match(stdout, new RegExp(`^ +${slot().id} +20 KiB +108 KiB +16 KiB\\n`, 'm'));
    });

    it('has the guest use the copy that its attribute says', async () => {
        const map = await guestmemJson<PageMap>(['map', vmm().id]);
        const used = new Set<string>();
        for (const index of both) {
            const { guestUses } = runAt(map, gpaOf(index));
            const { value } = await vmm().read(gpaOf(index));
            assert.equal(readAtHva(vmm().report.pid, BigInt(slot().hva) + BigInt(index) * page), asShared, `page ${index}`);
            assert.equal(guestUses, value === asShared ? 'hva' : 'guest_memfd', `page ${index}: the guest read ${value ?? 'nothing'}`);
            used.add(guestUses);
        }
        assert.equal(used.size, 2);
        assert.equal(runAt(map, gpaOf(onlyShared)).guestUses, 'guest_memfd');
        assert.equal((await vmm().read(gpaOf(onlyShared))).value, 0, 'its shared copy is out of the guest’s reach');
        assert.deepEqual(runAt(map, gpaOf(none)).gmemBacking, { state: 'absent' });
    });

    it('leaves a private page without a copy where the memslot has no guest_memfd', async () => {
        const gpa = startOf(vmm().memslot('memfd')) + 3n * page;
        await vmm().setAttribute(gpa, page, 'private');
        const { run } = await guestmemJson<AddressFacts>(['explain', vmm().id, hex(gpa)]);
        assert.equal(run.guestUses, 'none');
        assert.equal((await vmm().read(gpa)).exit, 'memory-fault');
        await vmm().setAttribute(gpa, page, 'shared');
    });

    it('leaves private pages without a copy once nobody holds the guest_memfd', async () => {
        await vmm().closeFile(slot().guestMemfd?.fd ?? -1);
        const map = await guestmemJson<PageMap>(['map', vmm().id, '--range', `${slot().gpa}+${slot().size}`]);
        for (const [index, copy] of [[both[0], 'hva'], [both[2], 'none']] as const) {
            assert.equal(runAt(map, gpaOf(index ?? 0)).guestUses, copy);
            assert.equal((await vmm().read(gpaOf(index ?? 0))).exit === undefined, copy === 'hva');
        }
        assert.ok(map.unknown.some(({ field }) => field === 'gmemBacking'));
    });
});

describeGuestMemfdAlone();
