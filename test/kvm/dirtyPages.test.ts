/** Dirty pages on this machine's own KVM; needs /dev/kvm and root, and qemu-system-x86_64 for the dirty ring. */
import assert from 'node:assert/strict';
import type { PageMap, VmList } from '../../src/common/model';
import { describeDirtyPages } from '../support/dirtyPagesSuite';
import { guestmemJson } from '../support/guestmem';
import { Qemu, qemuProgram } from '../support/qemu';
import { requireKvm, requireProgram, requireRoot } from '../support/requirements';

describeDirtyPages([]);

describe('dirty pages: QEMU with a dirty ring', () => {
    const entries = 1024;
    let qemu: Qemu | undefined;
    before('start QEMU', async function () {
        requireKvm(this);
        requireRoot(this);
        requireProgram(this, qemuProgram);
        qemu = await Qemu.start(['-m', '64M'], `kvm,dirty-ring-size=${entries}`);
    });
    after('end QEMU', async () => qemu?.stop());

    it('are unknown, with the reason and the size of the ring', async () => {
        const { vms } = await guestmemJson<VmList>(['vms']);
        const vm = vms.find(({ pid }) => pid === qemu?.pid) ?? assert.fail('QEMU has no VM');
        const { runs, unknown } = await guestmemJson<PageMap>(['map', vm.id]);
        assert.ok(runs.length > 0 && runs.every(({ dirty }) => dirty === null));
        const reasons = unknown.filter(({ field }) => field === 'dirty').map(({ reason }) => reason);
        assert.equal(reasons.length, 1);
        // An entry of the ring is a struct kvm_dirty_gfn, 16 bytes.
        assert.match(reasons[0] ?? '', new RegExp(`dirty ring of 0x${(entries * 16).toString(16)} bytes`));
    });
});
