import assert from 'node:assert/strict';
import { largerPageObstacles, type GmemBacking, type GuestMapping, type HvaBacking, type PageSizeName } from '../../src/common/model';
import {
    attributeOf,
    dirtyOf,
    encodePageDetail,
    encodePageState,
    gmemBackingOf,
    gmemStates,
    guestCopyOf,
    guestMappingOf,
    hvaBackingOf,
    hvaStates,
    isDoubleBacked,
    scopeOf,
    scopes,
    whyNotLargerOf,
    type PageDetailParts,
    type PageStateParts,
} from '../../src/common/pageState';

const pageSizes: (PageSizeName | null)[] = [null, '4K', '2M', '1G'];
const mappings: Exclude<PageStateParts['guestMapping'], undefined>[] = [
    null,
    { level: 'none', writable: false },
    { level: '4K', writable: true },
    { level: '2M', writable: false },
    { level: '1G', writable: false },
];
const answers = [null, false, true];

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
                                    for (const dirty of answers)
                                        yield { attribute, scope, hva, hvaMapped, hvaPageSize, gmem, samePage, guestMapping, dirty };
}

/** Each right, each answer, each copy with each other; of the obstacles each set, and of the nodes the edges of what fits. */
function* everyDetail(): Generator<Required<PageDetailParts>> {
    for (const rights of [null, '---', 'r--', '-w-', '--x', 'rw-', 'r-x', '-wx', 'rwx'])
        for (const gmemNode of [null, 0, 1, 1022])
            for (const executable of [true, false])
                for (const accessed of answers)
                    for (const guestDirty of answers)
                        for (const guestUses of ['none', 'hva', 'guest_memfd'] as const)
                            for (const whyNotLarger of everySetOfObstacles())
                                yield { rights, gmemNode, executable, accessed, guestDirty, guestUses, whyNotLarger };
}

function everySetOfObstacles() {
    const sets = Array.from({ length: 1 << largerPageObstacles.length }, (_, bits) =>
        largerPageObstacles.filter((_obstacle, index) => (bits & (1 << index)) !== 0),
    );
    return [null, ...sets];
}

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
