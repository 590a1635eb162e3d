/** The sweep against an oracle that looks at every page by itself. */
import assert from 'node:assert/strict';
import { makeLayer, makeMeaning, uncovered, type Layer } from '../../../src/agent/pages/layer';
import { PageStateSweep, type Stretch } from '../../../src/agent/pages/pageStates';
import { stateBits } from '../../../src/agent/pages/stateBits';
import { countedMeaning, whyNotLarger } from '../../../src/agent/pages/whyNotLarger';
import { encodePageDetail, isDoubleBacked, isPrivate } from '../../../src/common/pageState';

const absentHva = stateBits({ hva: 'absent' });
const meanings = {
    attributes: makeMeaning(0, (state) => stateBits({ attribute: state === 8 ? 'private' : 'shared' })),
    pageTable: makeMeaning(absentHva, (state) =>
        state === 1 ? stateBits({ hva: 'present', hvaMapped: true, hvaPageSize: '4K' }) : stateBits({ hva: 'swapped' }),
    ),
    pageCache: makeMeaning(absentHva, () => stateBits({ hva: 'present' })),
    guestMemfd: makeMeaning(
        stateBits({ gmem: 'absent' }),
        (state) => stateBits({ gmem: state === 2 ? 'prepared' : 'allocated' }),
        (state) => encodePageDetail({ gmemNode: state === 2 ? 1 : null }),
    ),
    guestMapping: makeMeaning(
        stateBits({ guestMapping: { level: 'none', writable: false } }),
        (state) => stateBits({ guestMapping: { level: state === 1 ? '4K' : '2M', writable: state === 1 } }),
        (state) => encodePageDetail({ executable: state === 2 }),
    ),
    dirty: makeMeaning(stateBits({ dirty: false }), () => stateBits({ dirty: true })),
    counted: countedMeaning,
};
type LayerName = keyof typeof meanings;

/** A repeatable source of numbers in [0, limit): xorshift32. */
function makeRandom(seed: number) {
    let state = seed;
    return (limit: number) => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return (state >>> 0) % limit;
    };
}
type Random = ReturnType<typeof makeRandom>;

interface Run {
    readonly first: number;
    readonly pages: number;
    readonly state: number;
}

function randomRuns(random: Random, end: number, states: readonly number[]): Run[] {
    const runs: Run[] = [];
    for (let at = random(4); at < end; ) {
        const pages = 1 + random(random(8) === 0 ? 40 : 4);
        runs.push({ first: at, pages, state: states[random(states.length)] ?? 0 });
        at += pages + (random(3) === 0 ? 0 : random(5));
    }
    return runs;
}

/** The runs as a layer, cut into chunks as the addon would. */
function layerOf(name: LayerName, runs: readonly Run[], shift: number, random: Random): Layer {
    const chunks: Run[][] = [[]];
    for (const run of runs) {
        if (random(10) === 0) chunks.push([]);
        chunks.at(-1)?.push({ ...run, first: run.first - shift });
    }
    return makeLayer(
        chunks.map((chunk) => ({
            first: Float64Array.from(chunk, ({ first }) => first),
            pages: Float64Array.from(chunk, ({ pages }) => pages),
            states: Uint8Array.from(chunk, ({ state }) => state),
        })),
        shift,
        meanings[name],
    );
}

const copies = { private: encodePageDetail({ guestUses: 'guest_memfd' }), shared: encodePageDetail({ guestUses: 'hva' }) };

const stateAt = (runs: readonly Run[], gfn: number): number | undefined =>
    runs.find(({ first, pages }) => first <= gfn && gfn < first + pages)?.state;

const bitsAt = (name: LayerName, runs: readonly Run[] | null, gfn: number): number => {
    if (runs === null) return 0;
    const state = stateAt(runs, gfn);
    return state === undefined ? meanings[name].gap : (meanings[name].bits[state] ?? 0);
};

const detailAt = (name: LayerName, runs: readonly Run[] | null, gfn: number): number => {
    const state = runs === null ? undefined : stateAt(runs, gfn);
    return state === undefined ? 0 : (meanings[name].details[state] ?? 0);
};

const pageCounts = () => ({ private: 0, shared: 0, doubleBacked: 0 });

describe('the sweep of page states', () => {
    it('equals an oracle that looks at each page, for random layouts', () => {
        for (let seed = 1; seed <= 200; seed++) {
            const random = makeRandom(seed * 7919);
            const end = 300;
            const runs = {
                attributes: random(4) === 0 ? null : randomRuns(random, end, [8]),
                pageTable: random(6) === 0 ? null : randomRuns(random, end, [1, 2]),
                pageCache: random(2) === 0 ? null : randomRuns(random, end, [1]),
                guestMemfd: random(3) === 0 ? null : randomRuns(random, end, [1, 2]),
                guestMapping: random(3) === 0 ? null : randomRuns(random, end, [1, 2]),
                dirty: random(2) === 0 ? null : randomRuns(random, end, [1]),
                counted: random(2) === 0 ? null : randomRuns(random, end, [1, 2, 3]),
            };
            const layer = (name: LayerName) => {
                const its = runs[name];
                return its === null ? null : layerOf(name, its, random(1000) - 500, random);
            };
            const layers = {
                attributes: layer('attributes'),
                pageTable: layer('pageTable'),
                pageCache: layer('pageCache'),
                guestMemfd: layer('guestMemfd'),
                guestMapping: layer('guestMapping'),
                dirty: layer('dirty'),
            };
            const obstacles = { private: random(64), shared: random(64) };
            const isTold = random(4) > 0;
            const counted = layer('counted');
            const largerPages = isTold ? { obstacles, counted, complete: random(2) === 0, guestMemfdPageSize: '4K' as const, nxHugePages: random(2) === 0 } : null;
            const expected: [gfn: number, memslot: number, state: number, detail: number][] = [];
            const sweep = new PageStateSweep();
            const totals = { ...pageCounts(), outsideMemslots: 0 };
            const ofSlot = new Map<number, ReturnType<typeof pageCounts>>();
            let lastSlot = 0;
            for (let gfn = 0; gfn < end; ) {
                const stretchEnd = Math.min(end, gfn + 1 + random(80));
                // A memslot may have several stretches, one after the other, but for gaps.
                lastSlot += random(2);
                const memslot = random(3) === 0 ? -1 : lastSlot;
                const fixed = memslot < 0 ? stateBits({ scope: 'vm' }) : stateBits({ scope: 'vm', samePage: random(4) === 0 });
                const fixedDetail = encodePageDetail({ rights: random(2) === 0 ? 'rw-' : 'r--' });
                if (memslot < 0) sweep.addGap(gfn, stretchEnd, layers.attributes, fixed);
                else sweep.addStretch({ gfn, end: stretchEnd, memslot, fixed, fixedDetail, copies, largerPages, ...layers } satisfies Stretch);
                const counts = ofSlot.get(memslot) ?? pageCounts();
                if (memslot >= 0) ofSlot.set(memslot, counts);
                for (; gfn < stretchEnd; gfn++) {
                    const attribute = bitsAt('attributes', runs.attributes, gfn);
                    if (memslot < 0) {
                        if (!isPrivate(attribute)) continue;
                        totals.outsideMemslots++;
                        expected.push([gfn, -1, fixed | attribute, 0]);
                        continue;
                    }
                    const inTable = bitsAt('pageTable', runs.pageTable, gfn);
                    const hva = inTable === absentHva && runs.pageCache !== null ? bitsAt('pageCache', runs.pageCache, gfn) : inTable;
                    const others = (['guestMemfd', 'guestMapping', 'dirty'] as const).map((name) => bitsAt(name, runs[name], gfn));
                    const state = others.reduce((all, bits) => all | bits, fixed | attribute | hva);
                    for (const count of [totals, counts]) {
                        count[isPrivate(state) ? 'private' : 'shared']++;
                        if (isDoubleBacked(state)) count.doubleBacked++;
                    }
                    const by = isPrivate(state) ? 'private' : 'shared';
                    const copy = copies[by];
                    const details = (['guestMemfd', 'guestMapping'] as const).map((name) => detailAt(name, runs[name], gfn));
                    if (largerPages !== null) {
                        const against = obstacles[by] | detailAt('counted', runs.counted, gfn);
                        const known = details.reduce((all, bits) => all | bits, fixedDetail | copy);
                        details.push(whyNotLarger(state, known, against, largerPages));
                    }
                    expected.push([gfn, memslot, state, details.reduce((all, bits) => all | bits, fixedDetail | copy)]);
                }
            }
            const { runs: swept, totals: told } = sweep.finish();
            const pages: [number, number, number, number][] = [];
            for (let i = 0; i < swept.count; i++) {
                const [gfn, count, slot] = [swept.gfns[i] ?? 0, swept.pages[i] ?? 0, swept.memslots[i] ?? 0];
                const [state, detail] = [swept.states[i] ?? 0, swept.details[i] ?? 0];
                if (i > 0) {
                    const last = i - 1;
                    const touches = (swept.gfns[last] ?? 0) + (swept.pages[last] ?? 0) === gfn;
                    const isSame = swept.memslots[last] === slot && swept.states[last] === state && swept.details[last] === detail;
                    assert.ok(!(touches && isSame), `seed ${seed}: runs ${last} and ${i} are not merged`);
                }
                for (let page = 0; page < count; page++) pages.push([gfn + page, slot, state, detail]);
            }
            assert.deepEqual(pages, expected, `seed ${seed}`);
            const inBytes = (counts: Record<string, number>) =>
                Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, '0x' + (count * 4096).toString(16)]));
            const memslots = [...ofSlot].map(([memslot, counts]) => ({ memslot, ...inBytes(counts) }));
            assert.deepEqual(told, { ...inBytes(totals), memslots }, `seed ${seed}`);
        }
    });

    it('counts bytes beyond what a double of bytes holds', () => {
        const sweep = new PageStateSweep();
        const none = { attributes: null, pageTable: null, pageCache: null, guestMemfd: null, guestMapping: null, dirty: null, largerPages: null };
        sweep.addStretch({ gfn: 0, end: 2 ** 51 + 1, memslot: 0, fixed: 0, fixedDetail: 0, copies, ...none });
        assert.equal(sweep.finish().totals.shared, '0x8000000000001000');
    });
});

describe('what a layer does not cover', () => {
    const runs = (...pairs: [number, number][]) => ({
        first: Float64Array.from(pairs, ([first]) => first),
        pages: Float64Array.from(pairs, ([, pages]) => pages),
        states: new Uint8Array(pairs.length),
    });
    const expected: [string, ReturnType<typeof runs>, { start: number; end: number } | null][] = [
        ['nothing is covered', runs(), { start: 10, end: 20 }],
        ['all is covered', runs([10, 4], [14, 6]), null],
        ['the beginning is not', runs([12, 8]), { start: 10, end: 12 }],
        ['the end is not', runs([10, 8]), { start: 18, end: 20 }],
        ['the middle is not', runs([10, 2], [15, 5]), { start: 12, end: 15 }],
        ['two holes give the span from the first to the last', runs([10, 1], [13, 1], [16, 1]), { start: 11, end: 20 }],
    ];
    for (const [what, layer, hole] of expected) it(what, () => assert.deepEqual(uncovered(layer, 10, 20), hole));
});
