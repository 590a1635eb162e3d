import assert from 'node:assert/strict';
import type { GuestMapping, PageSizeName } from '../../src/common/model';
import {
    attributeOf,
    dirtyOf,
    encodePageState,
    gmemBackingOf,
    gmemStates,
    guestMappingOf,
    hvaBackingOf,
    hvaStates,
    isDoubleBacked,
    scopeOf,
    scopes,
    type PageStateParts,
} from '../../src/common/pageState';

const pageSizes: (PageSizeName | null)[] = [null, '4K', '2M', '1G'];
const mappings: (GuestMapping | null)[] = [
    null,
    { level: 'none', writable: false },
    { level: '4K', writable: true },
    { level: '1G', writable: false },
];

/** Every combination of parts that a page can have. */
function* everyState(): Generator<PageStateParts> {
    for (const attribute of ['private', 'shared'] as const)
        for (const scope of scopes)
            for (const hva of hvaStates)
                for (const hvaMapped of hva === 'present' ? [true, false] : [false])
                    for (const hvaPageSize of hva === 'present' ? pageSizes : [null])
                        for (const gmem of gmemStates)
                            for (const samePage of [true, false])
                                for (const guestMapping of mappings)
                                    for (const dirty of [null, true, false])
                                        yield { attribute, scope, hva, hvaMapped, hvaPageSize, gmem, samePage, guestMapping, dirty };
}

describe('a page state as one word', () => {
    it('keeps every combination of its parts', () => {
        const seen = new Set<number>();
        for (const parts of everyState()) {
            const state = encodePageState(parts);
            assert.ok(!seen.has(state), 'two combinations have one word');
            seen.add(state);
            assert.equal(attributeOf(state), parts.attribute);
            assert.equal(scopeOf(state), parts.scope);
            const hva =
                parts.hva === 'present'
                    ? { state: 'present', mapped: parts.hvaMapped, pageSize: parts.hvaPageSize }
                    : { state: parts.hva };
            assert.deepEqual(hvaBackingOf(state), hva);
            assert.deepEqual(gmemBackingOf(state), { state: parts.gmem });
            assert.deepEqual(guestMappingOf(state), parts.guestMapping);
            assert.equal(dirtyOf(state), parts.dirty);
            const both = parts.hva === 'present' && (parts.gmem === 'allocated' || parts.gmem === 'prepared');
            assert.equal(isDoubleBacked(state), both && parts.samePage !== true);
        }
        assert.ok(seen.size > 5000, `${seen.size} combinations`);
    });

    it('is zero where nothing is named, so parts can be joined by OR', () => {
        assert.equal(encodePageState({ attribute: 'shared', scope: 'none', hva: 'none', gmem: 'none' }), 0);
        const joined =
            encodePageState({ attribute: 'private', scope: 'none', hva: 'none', gmem: 'none' }) |
            encodePageState({ attribute: 'shared', scope: 'vm', hva: 'swapped', gmem: 'none' }) |
            encodePageState({ attribute: 'shared', scope: 'none', hva: 'none', gmem: null });
        assert.equal(joined, encodePageState({ attribute: 'private', scope: 'vm', hva: 'swapped', gmem: null }));
    });
});
