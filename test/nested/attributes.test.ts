/** VM-scope attributes as `guestmem map` and `show` tell them, against what the VMM itself has set. */
import assert from 'node:assert/strict';
import type { PageMap, VmDetails, VmList } from '../../src/common/model';
import { guestmemJson } from '../support/guestmem';
import { contains, hex, page, pagesOf, runAt, startOf } from '../support/pages';
import { privateRanges } from '../support/privateRanges';
import { suiteVmm } from '../support/suiteVmm';

describe('attributes: a sw-protected VM', () => {
    const vmm = suiteVmm(['--type', 'sw-protected']);
    const mapOf = (...words: string[]) => guestmemJson<PageMap>(['map', vmm().id, ...words]);
    before('stop the guest’s own conversions', () => vmm().setPaused(true));

    it('is listed with its type', async () => {
        const { vms } = await guestmemJson<VmList>(['vms']);
        assert.equal(vms.find(({ id }) => id === vmm().id)?.type, 'sw-protected');
    });

    it('says that the VM decides what is private', async () => {
        const { capabilities } = await guestmemJson<VmDetails>(['show', vmm().id]);
        assert.deepEqual(capabilities, { attributes: ['private'], attributeScope: 'vm' });
    });

    it('has the private ranges that the VMM set', async () => {
        const expected = await vmm().privateRanges();
        assert.ok(expected.length > 0, 'the demo VMM starts with private memory');
        const map = await mapOf();
        assert.deepEqual(privateRanges(map), expected);
        assert.equal(map.consistent, true);
    });

    it('follows single pages, alternating pages and the last page of a memslot', async () => {
        const slot = vmm().memslot('guest_memfd', 1);
        const last = BigInt(slot.size) - page;
        for (const offset of [0n, 2n * page, 4n * page, 6n * page, last]) {
            await vmm().setAttribute(startOf(slot) + offset, page, 'private');
        }
        assert.deepEqual(privateRanges(await mapOf()), await vmm().privateRanges());
        await vmm().setAttribute(startOf(slot), BigInt(slot.size), 'shared');
        assert.deepEqual(privateRanges(await mapOf()), await vmm().privateRanges());
    });

    it('shows attributes where there is no memslot, and counts them apart', async () => {
        const outside = 0x8000_0000n;
        assert.ok(!vmm().report.memslots.some((slot) => contains(slot, outside)));
        await vmm().setAttribute(outside, 16n * page, 'private');
        const map = await mapOf();
        const run = runAt(map, outside);
        assert.deepEqual([run.memslot, run.attribute, run.size], [null, 'private', hex(16n * page)]);
        assert.equal(map.totals.outsideMemslots, hex(16n * page));
        assert.deepEqual(privateRanges(map), await vmm().privateRanges());
        await vmm().setAttribute(outside, 16n * page, 'shared');
        assert.equal((await mapOf()).totals.outsideMemslots, '0x0');
    });

    it('has the same runs in a window as in the whole map', async () => {
        const slot = vmm().memslot('guest_memfd');
        const window = await mapOf('--range', `${slot.gpa}+${slot.size}`);
        const whole = (await mapOf()).runs.filter((run) => run.memslot === slot.id);
        assert.deepEqual(window.runs, whole);
    });

    it('sees both sides of a private page, and its double backing', async () => {
        const slot = vmm().memslot('guest_memfd', 1);
        const gpa = startOf(slot) + 8n * page;
        await vmm().write(gpa, 0x55);
        await vmm().setAttribute(gpa, page, 'private');
        await vmm().write(gpa, 0x66);
        const map = await mapOf();
        const run = runAt(map, gpa);
        assert.deepEqual([run.attribute, run.scope], ['private', 'vm']);
        assert.deepEqual(run.hvaBacking, { state: 'present', mapped: true, pageSize: '4K', rights: 'rw-' });
        assert.equal(run.gmemBacking.state, 'prepared');
        assert.ok(BigInt(map.totals.doubleBacked) >= page);
        await vmm().setAttribute(gpa, page, 'shared');
    });

    it('has a second address space without memslots and without runs', async () => {
        const { addressSpaces } = await guestmemJson<VmDetails>(['show', vmm().id]);
        assert.deepEqual(addressSpaces.map(({ id, memslots }) => [id, memslots.length > 0]), [
            [0, true],
            [1, false],
        ]);
        const { runs, addressSpace } = await mapOf('--address-space', '1');
        assert.equal(addressSpace, 1);
        assert.ok(runs.every((run) => run.memslot === null));
    });

    it('totals what its runs say', async () => {
        const { runs, totals } = await mapOf();
        const privatePages = runs
            .filter(({ attribute, memslot }) => attribute === 'private' && memslot !== null)
            .flatMap(pagesOf).length;
        assert.equal(totals.private, hex(BigInt(privatePages) * page));
    });
});
