/** The page map as a table, line by line: it may be long. */
import type { PageMap, PageRun } from '../../common/model';
import { pageRunAt, type PageRuns } from '../../common/pageRuns';
import { gmemText, hvaText, sizeText, unknownText } from './values';

const widths = [18, 12, 6, 9, 13, 15, 11] as const;
const line = (cells: readonly string[]): string =>
    cells.map((cell, index) => (index < 3 ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0))).join('  ').trimEnd() + '\n';

export function* renderMap(map: Omit<PageMap, 'runs'>, runs: PageRuns): Generator<string> {
    yield line(['GPA', 'SIZE', 'SLOT', 'ATTRIBUTE', 'DECIDED BY', 'HVA SIDE', 'GUEST_MEMFD']);
    for (let i = 0; i < runs.count; i++) yield line(row(pageRunAt(runs, i)));
    const { totals } = map;
    yield `\nprivate ${sizeText(totals.private)}, shared ${sizeText(totals.shared)}, double-backed ${sizeText(totals.doubleBacked)}, `;
    yield `private outside memslots ${sizeText(totals.outsideMemslots)}\n`;
    if (!map.consistent) yield 'The VM kept changing while it was read: this map mixes its states.\n';
    yield unknownText(map.unknown);
}

function row(run: PageRun): string[] {
    return [
        run.gpa,
        sizeText(run.size),
        run.memslot === null ? 'none' : String(run.memslot),
        run.attribute,
        run.scope === 'vm' ? 'VM' : run.scope === 'none' ? '' : run.scope,
        hvaText(run.hvaBacking),
        gmemText(run.gmemBacking),
    ];
}
