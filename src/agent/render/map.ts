/** The page map as a table, line by line: it may be long. */
import type { PageMap, PageRun } from '../../common/model';
import { pageRunAt, type PageRuns } from '../../common/pageRuns';
import { dirtyOf, guestMappingOf } from '../../common/pageState';
import { dirtyText, gmemText, guestMappingText, hvaText, sizeText, unknownText } from './values';

interface MapColumn {
    readonly title: string;
    readonly width: number;
    readonly right?: boolean;
    readonly text: (run: PageRun) => string;
}

const columns: readonly MapColumn[] = [
    { title: 'GPA', width: 18, right: true, text: ({ gpa }) => gpa },
    { title: 'SIZE', width: 12, right: true, text: ({ size }) => sizeText(size) },
    { title: 'SLOT', width: 6, right: true, text: ({ memslot }) => (memslot === null ? 'none' : String(memslot)) },
    { title: 'ATTRIBUTE', width: 9, text: ({ attribute }) => attribute },
    { title: 'DECIDED BY', width: 13, text: ({ scope }) => (scope === 'vm' ? 'VM' : scope === 'none' ? '' : scope) },
    { title: 'HVA SIDE', width: 15, text: ({ hvaBacking }) => hvaText(hvaBacking) },
    { title: 'GUEST_MEMFD', width: 11, text: ({ gmemBacking }) => gmemText(gmemBacking) },
];
const guestMappingColumn: MapColumn = {
    title: 'GUEST MAPPING',
    width: 13,
    text: ({ guestMapping }) => guestMappingText(guestMapping),
};
const dirtyColumn: MapColumn = { title: 'DIRTY', width: 5, text: ({ dirty }) => dirtyText(dirty) };

/** What is known of no run inside a memslot has no column; the lines about the unknown tell why. */
function columnsFor(runs: PageRuns): readonly MapColumn[] {
    const isKnown = (of: (state: number) => unknown) => runs.states.some((state, i) => (runs.memslots[i] ?? -1) >= 0 && of(state) !== null);
    return [...columns, ...(isKnown((state) => guestMappingOf(state, 0)) ? [guestMappingColumn] : []), ...(isKnown(dirtyOf) ? [dirtyColumn] : [])];
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
    const { totals } = map;
    yield `\nprivate ${sizeText(totals.private)}, shared ${sizeText(totals.shared)}, double-backed ${sizeText(totals.doubleBacked)}, `;
    yield `private outside memslots ${sizeText(totals.outsideMemslots)}\n`;
    if (!map.consistent) yield 'The VM kept changing while it was read: this map mixes its states.\n';
    yield unknownText(map.unknown);
}
