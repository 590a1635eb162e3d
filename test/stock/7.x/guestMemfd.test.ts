/** A kernel whose guest_memfds may back a default VM: shared from the start, mapped in the VMM (struct gmem_inode). */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import type { PageMap, VmDetails } from '../../../src/common/model';
import { guestmemJson } from '../../support/guestmem';
import { contains, hex, pagesOf, runAt } from '../../support/pages';
import { suiteVmm } from '../../support/suiteVmm';

describe('a default VM with guest_memfds', () => {
    const vmm = suiteVmm();
    const bound = () => vmm().report.memslots.filter(({ guestMemfd }) => guestMemfd !== null);

    it('has those that the VMM made, with its memslots bound to them', async () => {
        assert.equal(bound().length, 2, 'the VMM has no memslots with a guest_memfd');
        const { vm, guestMemfds, capabilities, unknown } = await guestmemJson<VmDetails>(['show', vmm().id]);
        const seen = guestMemfds.map(({ inode, fds, size, flags, bindings }) => ({ inode, fds, size, flags, bindings }));
        const expected = vmm().report.guestMemfds.map(({ fd, size }) => ({
            inode: statSync(`/proc/${vmm().report.pid}/fd/${fd}`).ino,
            fds: [fd],
            size,
            flags: ['mmap', 'init-shared'],
            bindings: bound()
                .filter(({ guestMemfd }) => guestMemfd?.fd === fd)
                .map((slot) => ({ addressSpace: 0, memslot: slot.id, offset: slot.guestMemfd?.offset, size: slot.size })),
        }));
        assert.deepEqual(seen.sort((one, other) => (one.fds[0] ?? 0) - (other.fds[0] ?? 0)), expected);
        assert.equal(vm.type, 'default');
        assert.deepEqual(unknown, []);
        assert.deepEqual(capabilities, { attributes: [], attributeScope: 'guest_memfd' });
    });

    it('has their pages prepared where the guest used them, and allocated where the VMM did no more than that', async () => {
        const map = await guestmemJson<PageMap>(['map', vmm().id]);
        for (const slot of bound()) {
            for (const gpa of pagesOf(slot)) {
                const state = contains(slot.touched, gpa) ? 'prepared' : contains(slot.cached, gpa) ? 'allocated' : 'absent';
                const { gmemBacking, scope } = runAt(map, gpa);
                assert.deepEqual({ state: gmemBacking.state, scope }, { state, scope: 'guest_memfd' }, `GPA ${hex(gpa)}`);
            }
        }
    });
});
