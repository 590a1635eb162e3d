/** A guest_memfd of a terabyte in a machine of 3 GiB, and attributes at the end of the address space. */
import assert from 'node:assert/strict';
import type { AddressFacts } from '../../src/common/explain/explanation';
import type { PageMap, VmDetails } from '../../src/common/model';
import { guestmemJson } from '../support/guestmem';
import { endOf, hex, page, runAt } from '../support/pages';
import { describeSparse } from '../support/sparseSuite';

describeSparse(['--type', 'sw-protected'], 1000n << 30n, (vmm) => {
    it('has its last page when the guest uses it, and holes before that', async () => {
        const slot = vmm().report.memslots.find(({ size }) => size === hex(1000n << 30n)) ?? assert.fail('no such memslot');
        const last = endOf(slot) - page;
        await vmm().setAttribute(last, page, 'private');
        await vmm().write(last, 0x77);
        const map = await guestmemJson<PageMap>(['map', vmm().id]);
        assert.deepEqual([runAt(map, last).gmemBacking.state, runAt(map, last).size], ['prepared', hex(page)]);
        assert.deepEqual(runAt(map, last - page).gmemBacking, { state: 'absent' });
        const { guestMemfds } = await guestmemJson<VmDetails>(['show', vmm().id]);
        assert.equal(guestMemfds.find(({ size }) => size === slot.size)?.allocated, hex(page));
    });

    it('and a private page at the end of the address space is found there', async () => {
        const top = (1n << 64n) - 2n * page; // KVM lets no range end at 2^64.
        await vmm().setAttribute(top, page, 'private');
        const whole = await guestmemJson<PageMap>(['map', vmm().id]);
        const window = await guestmemJson<PageMap>(['map', vmm().id, '--range', `${hex(top)}+${hex(2n * page)}`]);
        for (const map of [whole, window]) {
            const run = runAt(map, top);
            assert.deepEqual([run.gpa, run.size, run.memslot, run.attribute], [hex(top), hex(page), null, 'private']);
            assert.equal(map.totals.outsideMemslots, hex(page));
        }
        const { run, kind } = await guestmemJson<AddressFacts>(['explain', vmm().id, hex(top + page - 1n)]);
        assert.deepEqual([kind, run.gpa, run.attribute], ['unreachable', hex(top), 'private']);
        await vmm().setAttribute(top, page, 'shared');
        assert.ok((await guestmemJson<PageMap>(['map', vmm().id])).runs.every(({ memslot }) => memslot !== null));
    });
});
