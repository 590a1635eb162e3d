/** The page map as a table, line by line: it may be long. */
import type { MemslotTotals, PageMap, PageRun, PageTotals } from '../../../common/model';
import { pageRunAt, type PageRuns } from '../../../common/pageRuns';
import { dirtyOf, gmemStateOf, guestMappingOf, scopeOf, whyNotLargerOf } from '../../../common/pageState';
import { renderTable } from './table';
import { copyText, dirtyText, gmemText, guestMappingText, hvaText, notedText, obstaclesText, sizeText, unknownText } from './values';

interface MapColumn {
    readonly title: string;
    readonly width: number;
    readonly right?: boolean;
    readonly text: (run: PageRun) => string;
    /** Left out where this holds for no run inside a memslot; the lines about the unknown tell why. */
    readonly tells?: (state: number, detail: number) => boolean;
}

const columns: readonly MapColumn[] = [
    { title: 'GPA', width: 11, right: true, text: ({ gpa }) => gpa },
    { title: 'SIZE', width: 9, right: true, text: ({ size }) => sizeText(size) },
    { title: 'SLOT', width: 4, right: true, text: ({ memslot }) => (memslot === null ? 'none' : String(memslot)) },
    { title: 'ATTRIBUTE', width: 9, text: ({ attribute }) => attribute },
    {
        title: 'DECIDED BY',
        width: 11,
        text: ({ scope }) => (scope === 'vm' ? 'VM' : scope === 'none' ? '' : scope),
        tells: (state) => scopeOf(state) !== 'none',
    },
    { title: 'HVA SIDE', width: 14, text: ({ hvaBacking }) => hvaText(hvaBacking) },
    {
        title: 'GUEST_MEMFD',
        width: 11,
        text: ({ gmemBacking }) => gmemText(gmemBacking),
        tells: (state) => gmemStateOf(state) !== 'none',
    },
    {
        title: 'USED',
        width: 4,
        text: ({ guestUses }) => copyText(guestUses),
        tells: (state) => gmemStateOf(state) !== 'none' || (state & 1) !== 0,
    },
    {
        title: 'GUEST MAP',
        width: 9,
        text: ({ guestMapping }) => guestMappingText(guestMapping),
        tells: (state, detail) => guestMappingOf(state, detail) !== null,
    },
    {
        title: 'NOTED',
        width: 19,
        text: ({ guestMapping }) => notedText(guestMapping),
        tells: (state, detail) => notedText(guestMappingOf(state, detail)) !== '',
    },
    { title: 'DIRTY', width: 5, text: ({ dirty }) => dirtyText(dirty), tells: (state) => dirtyOf(state) !== null },
    {
        title: 'WHY NOT LARGER',
        width: 14,
        text: ({ whyNotLarger }) => obstaclesText(whyNotLarger),
        tells: (_state, detail) => (whyNotLargerOf(detail) ?? []).length > 0,
    },
];

function columnsFor(runs: PageRuns): readonly MapColumn[] {
    const isTold = (tells: (state: number, detail: number) => boolean) =>
        runs.states.some((state, i) => (runs.memslots[i] ?? -1) >= 0 && tells(state, runs.details[i] ?? 0));
    return columns.filter(({ tells }) => tells === undefined || isTold(tells));
}

export function* renderMap(map: Omit<PageMap, 'runs'>, runs: PageRuns): Generator<string> {
    const shown = columnsFor(runs);
    const line = (cell: (column: MapColumn) => string): string => {
        const cells = shown.map((column) => (column.right === true ? cell(column).padStart(column.width) : cell(column).padEnd(column.width)));
        return cells.join('  ').trimEnd() + '\n';
    };
    yield line(({ title }) => title);
    for (let i = 0; i < runs.count; i++) {
        const run = pageRunAt(runs, i);
        yield line(({ text }) => text(run));
    }
    yield* totalsText(map.totals);
    if (!map.consistent) yield 'The VM kept changing while it was read: this map mixes its states.\n';
    yield unknownText(map.unknown);
}

/** All together, and each memslot of several that is not just shared. */
function* totalsText(totals: PageTotals): Generator<string> {
    yield `\nprivate ${sizeText(totals.private)}, shared ${sizeText(totals.shared)}, double-backed ${sizeText(totals.doubleBacked)}, `;
    yield `private outside memslots ${sizeText(totals.outsideMemslots)}\n`;
    const isPlain = (slot: MemslotTotals) => slot.private === '0x0' && slot.doubleBacked === '0x0';
    const rows = totals.memslots
        .filter((slot) => !isPlain(slot))
        .map((slot) => [String(slot.memslot), sizeText(slot.private), sizeText(slot.shared), sizeText(slot.doubleBacked)]);
    if (totals.memslots.length < 2 || rows.length === 0) return;
    const titles = ['SLOT', 'PRIVATE', 'SHARED', 'DOUBLE-BACKED'];
    yield renderTable(titles.map((title) => ({ title, right: true })), rows);
}
