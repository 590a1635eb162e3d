/** Small maps for the tests of the page map: runs made at random from a seed, and the oracle that reads them page by page. */
import type { MapEvent } from '../../src/common/mapProtocol';
import type { PageTotals } from '../../src/common/model';
import { PageRunsBuilder, type PageRuns } from '../../src/common/pageRuns';
import { encodePageState } from '../../src/common/pageState';
import { makeMapModel, type MapModel } from '../../src/webview/mapModel';
import { makeRandom } from './random';
import { classCount, classOf } from '../../src/webview/pageClass';

export const states = {
    privatePrepared: encodePageState({ attribute: 'private', scope: 'vm', hva: 'absent', gmem: 'prepared' }),
    privateAbsent: encodePageState({ attribute: 'private', scope: 'vm', hva: 'absent', gmem: 'absent' }),
    privateDouble: encodePageState({ attribute: 'private', scope: 'vm', hva: 'present', gmem: 'prepared' }),
    sharedPresent: encodePageState({ attribute: 'shared', scope: 'vm', hva: 'present', hvaMapped: true, hvaPageSize: '4K', gmem: 'absent' }),
    sharedAbsent: encodePageState({ attribute: 'shared', scope: 'vm', hva: 'absent', gmem: 'absent' }),
    outside: encodePageState({ attribute: 'private', scope: 'vm', hva: 'none', gmem: 'none' }),
};
const inSlot = [states.privatePrepared, states.privateAbsent, states.privateDouble, states.sharedPresent, states.sharedAbsent];

export interface SlotShape {
    readonly id: number;
    /** In gfns. */
    readonly start: number;
    readonly pages: number;
}

const hexBytes = (pages: number) => '0x' + (pages * 4096).toString(16);

export const noTotals: PageTotals = { private: '0x0', shared: '0x0', doubleBacked: '0x0', outsideMemslots: '0x0', memslots: [] };

export type MadeMap = Extract<MapEvent, { type: 'map' }>;

export function makeMap(slots: readonly SlotShape[], runs: PageRuns): MadeMap {
    return {
        type: 'map',
        vm: '1:2',
        title: 'test (1:2)',
        addressSpace: 0,
        addressSpaces: [0],
        memslots: slots.map(({ id, start, pages }) => ({
            id,
            gpa: hexBytes(start),
            size: hexBytes(pages),
            internal: false,
            flags: [],
            description: 'anonymous',
        })),
        runs,
        totals: noTotals,
        takenAt: '2026-01-01T00:00:00.000Z',
        consistent: true,
        unknown: [],
        convertRefusal: null,
    };
}

export const makeModel = (slots: readonly SlotShape[], runs: PageRuns): MapModel => makeMapModel(makeMap(slots, runs));

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

/** Pages per class in [start, end), counted one by one. */
export function countByHand({ index: { runs } }: MapModel, start: number, end: number): number[] {
    const counts = new Array<number>(classCount).fill(0);
    for (let run = 0; run < runs.count; run++) {
        const first = runs.gfns[run] ?? 0;
        const pageClass = classOf(runs.states[run] ?? 0, (runs.memslots[run] ?? -1) >= 0);
        for (let gfn = first; gfn < first + (runs.pages[run] ?? 0); gfn++) {
            if (gfn >= start && gfn < end) counts[pageClass] = (counts[pageClass] ?? 0) + 1;
        }
    }
    return counts;
}

export const lastGfn = (model: MapModel): number => (model.extents.at(-1)?.end ?? 0) - 1;
