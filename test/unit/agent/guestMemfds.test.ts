import assert from 'node:assert/strict';
import type { PageCacheChunk } from '../../../native/index';
import { countPages } from '../../../src/agent/guestMemfds';
import { Pace } from '../../../src/agent/pace';

describe('the pages of a guest_memfd', () => {
    const record = { inode: 7, vm: 1, size: 0x10000n, flags: 0n, bindings: [], inDirectMap: null, hasAttributeStore: false };

    /** One that had `allocatedPages` when its record was read, and has these pages when they are walked. */
    const count = (allocatedPages: number, walked: PageCacheChunk | null) =>
        countPages(
            { readGuestMemfdPages: () => walked },
            { fds: [5], record: { ...record, allocatedPages } },
            new Pace(new AbortController().signal),
        );

    it('are counted in one walk: never more are prepared than allocated', async () => {
        const walked = { first: Float64Array.of(0, 4), pages: Float64Array.of(3, 2), states: Uint8Array.of(2, 1), next: null, folioOrders: null };
        assert.deepEqual(await count(2, walked), { allocated: 5, prepared: 3 });
    });

    it('are nobody’s when its fd was closed meanwhile', async () => {
        assert.equal(await count(2, null), null);
    });
});
