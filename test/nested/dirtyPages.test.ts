/** Dirty pages, and how KVM maps them for the guest, where the TDP MMU does it. */
import assert from 'node:assert/strict';
import type { PageMap } from '../../src/common/model';
import { guestmemJson } from '../support/guestmem';
import { describeDirtyPages } from '../support/dirtyPagesSuite';
import { hex, pagesOf, runAt } from '../support/pages';

for (const type of ['default', 'sw-protected']) {
    describeDirtyPages(['--type', type], (vmm) => {
        it('are mapped without the right to write when clean, since this processor logs by write faults', async () => {
            const slot = vmm().memslot('dirty-logged');
            const touched = pagesOf(slot.touched ?? slot);
            const [gpa = 0n] = touched;
            await vmm().takeDirtyLog(slot.id);
            await vmm().write(gpa, 2);
            const map = await guestmemJson<PageMap>(['map', vmm().id]);
            for (const each of touched) {
                const { guestMapping, dirty } = runAt(map, each);
                const told = [guestMapping?.level, guestMapping?.writable, dirty];
                assert.deepEqual(told, ['4K', each === gpa, each === gpa], hex(each));
            }
        });
    });
}
