/**
 * A kernel whose guest_memfds serve private memory alone (struct kvm_gmem, flags in inode->i_private). A default VM may
 * create one, but bind it to no memslot; the VMs that could need a processor with SEV-SNP or TDX.
 */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import type { VmDetails } from '../../../src/common/model';
import { guestmemJson } from '../../support/guestmem';
import { suiteVmm } from '../../support/suiteVmm';

describe('a guest_memfd that no memslot can use', () => {
    const vmm = suiteVmm();

    it('is shown with its size and what is allocated, as of use to no one', async () => {
        const [made, ...further] = vmm().report.guestMemfds;
        assert.ok(made !== undefined && further.length === 0, 'the VMM made no guest_memfd, or several');
        const { vm, guestMemfds, capabilities, unknown } = await guestmemJson<VmDetails>(['show', vmm().id]);
        const inode = statSync(`/proc/${vmm().report.pid}/fd/${made.fd}`).ino;
        const seen = guestMemfds.map(({ fds, inode, size, flags, allocated, prepared, bindings }) => ({ fds, inode, size, flags, allocated, prepared, bindings }));
        // The VMM fills 64 KiB of it; a page is prepared at the guest's first access.
        const expected = { fds: [made.fd], inode, size: made.size, flags: [], allocated: '0x10000', prepared: '0x0', bindings: [] };
        assert.deepEqual(seen, [expected]);
        assert.equal(vm.type, 'default');
        assert.deepEqual(unknown, []);
        assert.deepEqual(capabilities.attributes, []);
    });
});
