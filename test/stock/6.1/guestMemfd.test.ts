/** A kernel that has no guest_memfd. */
import assert from 'node:assert/strict';
import type { VmDetails, VmList } from '../../../src/common/model';
import { guestmemJson } from '../../support/guestmem';
import { suiteVmm } from '../../support/suiteVmm';

describe('a VM without guest_memfd', () => {
    const vmm = suiteVmm();

    it('has none, and nobody who decides about private and shared', async () => {
        assert.deepEqual(vmm().report.guestMemfds, []);
        const { guestMemfds, capabilities, addressSpaces } = await guestmemJson<VmDetails>(['show', vmm().id]);
        assert.deepEqual(guestMemfds, []);
        assert.deepEqual(capabilities, { attributes: [], attributeScope: 'none' });
        assert.ok(addressSpaces[0]?.memslots.every(({ guestMemfd, gmemOnly }) => guestMemfd === null && !gmemOnly));
    });

    it('is of unknown type, since a type came with the VMs that can have private memory', async () => {
        const { vms, unknown } = await guestmemJson<VmList>(['vms']);
        assert.deepEqual(vms.map(({ type }) => type), [null]);
        assert.match(unknown.find(({ field }) => field === 'type')?.reason ?? '', /does not tell/);
    });
});
