/** Small maps as the webview's parts work with them: made at random from a seed, or written down. */
import { stateLayer } from '../../src/common/layers/stateLayer';
import type { CountedKind, Extent } from '../../src/common/openedMap';
import { findRun, pageRunAt, PageRunsBuilder, type PageRuns } from '../../src/common/pageRuns';
import { isDoubleBacked } from '../../src/common/pageState';
import type { Known } from '../../src/webview/tiles/knownPages';
import { makeMapModel, mergeExtents, type MapModel } from '../../src/webview/tiles/mapModel';
import { countByHand, madeDetails, noTotals, shownMap, states, type SlotShape } from './madeMaps';
import { makeRandom } from './random';

const inSlot = [states.privatePrepared, states.privateAbsent, states.privateDouble, states.sharedPresent, states.sharedAbsent];

const extentsOutside = ({ count, gfns, pages, memslots }: PageRuns): Extent[] =>
    Array.from({ length: count }, (_, i) => ({ start: gfns[i] ?? 0, end: (gfns[i] ?? 0) + (pages[i] ?? 0) })).filter(
        (_, i) => (memslots[i] ?? -1) < 0,
    );

function kindsOf({ count, states: words, details, memslots, pages }: PageRuns): CountedKind[] {
    const kinds = new Map<string, CountedKind>();
    for (let i = 0; i < count; i++) {
        const kind = { state: words[i] ?? 0, detail: details[i] ?? 0, inMemslot: (memslots[i] ?? -1) >= 0 };
        const key = JSON.stringify(kind);
        kinds.set(key, { ...kind, pages: (kinds.get(key)?.pages ?? 0) + (pages[i] ?? 0) });
    }
    return [...kinds.values()];
}

export function makeModel(slots: readonly SlotShape[], runs: PageRuns): MapModel {
    const opened = {
        map: 1,
        generation: 1,
        origin: 'live',
        details: madeDetails(slots),
        addressSpace: 0,
        takenAt: '2026-01-01T00:00:00.000Z',
        comparedWith: null,
        consistent: true,
        totals: noTotals,
        unknown: [],
        runs: runs.count,
        kinds: kindsOf(runs),
        outside: mergeExtents(extentsOutside(runs)),
        made: null,
    } as const;
    return makeMapModel(shownMap(opened), stateLayer);
}

/** Slots of 1 to 400 pages with gaps between some of them, full of random runs; some private pages lie in the gaps. */
export function makeRandomModel(seed: number): MapModel {
    const random = makeRandom(seed);
    const upTo = (limit: number) => 1 + Math.floor(random() * limit);
    const builder = new PageRunsBuilder();
    const slots: SlotShape[] = [];
    let gfn = random() < 0.5 ? 0 : upTo(300);
    for (let id = 0; id < 8; id++) {
        const pages = upTo(400);
        slots.push({ id, start: gfn, pages });
        for (const end = gfn + pages; gfn < end; ) {
            const length = Math.min(end - gfn, upTo(30));
            builder.append(gfn, length, id, inSlot[Math.floor(random() * inSlot.length)] ?? 0);
            gfn += length;
        }
        if (random() < 0.3) continue;
        gfn += upTo(500);
        if (random() < 0.5) {
            builder.append(gfn, 3, -1, states.outside);
            gfn += 3 + upTo(100);
        }
    }
    return makeModel(slots, builder.build());
}

/** What the webview would know of an extent, counted page by page. */
export function knownByHand({ layer }: MapModel, runs: PageRuns, { start, end }: Extent): Known {
    const counts = countByHand(layer, runs, { start, end });
    const index = findRun(runs, start);
    const isWhole = (runs.gfns[index] ?? Infinity) <= start && (runs.gfns[index] ?? 0) + (runs.pages[index] ?? 0) >= end;
    const doubleBacked = isDoubleBacked(runs.states[index] ?? 0);
    return {
        counts: [...counts.entries()].sort(([a], [b]) => a - b),
        row: isWhole ? { run: pageRunAt(runs, index), doubleBacked, before: null } : null,
    };
}

export const lastGfn = (model: MapModel): number => (model.extents.at(-1)?.end ?? 0) - 1;
