import assert from 'node:assert/strict';
import type { GmemBacking, GuestMapping, HvaBacking } from '../../src/common/model';
import {
    attributeOf,
    dirtyOf,
    encodePageDetail,
    encodePageState,
    gmemBackingOf,
    guestCopyOf,
    guestMappingOf,
    hvaBackingOf,
    isDoubleBacked,
    isFreeToBeLarger,
    scopeOf,
    whyNotLargerOf,
    type PageDetailParts,
    type PageStateParts,
} from '../../src/common/pageState';
import { everyDetail, everyState } from '../support/everyPageState';

function hvaBacking({ hva, hvaMapped = false, hvaPageSize = null }: PageStateParts, rights: string | null): HvaBacking {
    if (hva === 'none') return { state: hva };
    return hva === 'present' ? { state: hva, mapped: hvaMapped, pageSize: hvaPageSize, rights } : { state: hva, rights };
}

function gmemBacking({ gmem }: PageStateParts, node: number | null): GmemBacking {
    return gmem === 'allocated' || gmem === 'prepared' ? { state: gmem, node } : { state: gmem };
}

function guestMapping({ guestMapping: mapping }: PageStateParts, detail: PageDetailParts): GuestMapping | null {
    if (mapping === null || mapping === undefined) return null;
    if (mapping.level === 'none') return { level: 'none', writable: false };
    const { executable = false, accessed = null, guestDirty: dirty = null } = detail;
    return { level: mapping.level, writable: mapping.writable, executable, accessed, dirty };
}

describe('a page state as two words', () => {
    it('keeps every combination of the parts of the first', () => {
        const detailParts = { rights: 'r-x', gmemNode: 3, executable: true, accessed: true, guestDirty: false };
        const detail = encodePageDetail(detailParts);
        const seen = new Set<number>();
        for (const parts of everyState()) {
            const state = encodePageState(parts);
            assert.ok(!seen.has(state), 'two combinations have one word');
            seen.add(state);
            assert.equal(attributeOf(state), parts.attribute);
            assert.equal(scopeOf(state), parts.scope);
            assert.deepEqual(hvaBackingOf(state, detail), hvaBacking(parts, 'r-x'));
            assert.deepEqual(gmemBackingOf(state, detail), gmemBacking(parts, 3));
            assert.deepEqual(guestMappingOf(state, detail), guestMapping(parts, detailParts));
            assert.equal(dirtyOf(state), parts.dirty);
            const both = parts.hva === 'present' && (parts.gmem === 'allocated' || parts.gmem === 'prepared');
            assert.equal(isDoubleBacked(state), both && parts.samePage !== true);
        }
        assert.ok(seen.size > 5000, `${seen.size} combinations`);
    });

    it('keeps every combination of the parts of the second', () => {
        const stateParts: PageStateParts = {
            attribute: 'private',
            scope: 'vm',
            hva: 'present',
            hvaMapped: true,
            hvaPageSize: '2M',
            gmem: 'prepared',
            guestMapping: { level: '4K', writable: true },
        };
        const state = encodePageState(stateParts);
        const seen = new Set<number>();
        for (const parts of everyDetail()) {
            const detail = encodePageDetail(parts);
            assert.ok(!seen.has(detail), 'two combinations have one word');
            seen.add(detail);
            assert.deepEqual(hvaBackingOf(state, detail), hvaBacking(stateParts, parts.rights));
            assert.deepEqual(gmemBackingOf(state, detail), gmemBacking(stateParts, parts.gmemNode));
            assert.deepEqual(guestMappingOf(state, detail), guestMapping(stateParts, parts));
            assert.deepEqual(whyNotLargerOf(detail), parts.whyNotLarger);
            assert.equal(isFreeToBeLarger(detail), parts.whyNotLarger?.length === 0);
            assert.equal(guestCopyOf(detail), parts.guestUses);
        }
        assert.ok(seen.size > 100_000, `${seen.size} combinations`);
    });

    it('does not tell a node that has no room instead of telling another', () => {
        assert.equal(encodePageDetail({ gmemNode: 1023 }), encodePageDetail({}));
    });

    it('is zero where nothing is named, so parts can be joined by OR', () => {
        assert.equal(encodePageState({ attribute: 'shared', scope: 'none', hva: 'none', gmem: 'none' }), 0);
        const joined =
            encodePageState({ attribute: 'private', scope: 'none', hva: 'none', gmem: 'none' }) |
            encodePageState({ attribute: 'shared', scope: 'vm', hva: 'swapped', gmem: 'none' }) |
            encodePageState({ attribute: 'shared', scope: 'none', hva: 'none', gmem: null });
        assert.equal(joined, encodePageState({ attribute: 'private', scope: 'vm', hva: 'swapped', gmem: null }));

        assert.equal(encodePageDetail({}), 0);
        const parts: PageDetailParts = { rights: 'rw-', gmemNode: 1, executable: true, whyNotLarger: ['host-page'], guestUses: 'hva' };
        const names = Object.keys(parts) as (keyof PageDetailParts)[];
        const joinedDetail = names.reduce((bits, name) => bits | encodePageDetail({ [name]: parts[name] }), 0);
        assert.equal(joinedDetail, encodePageDetail(parts));
    });
});
