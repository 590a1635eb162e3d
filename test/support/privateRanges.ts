import type { PageMap } from '../../src/common/model';
import type { DemoRange } from './demoVmm';
import { endOf, hex, startOf } from './pages';

/** The private ranges of a map as the demo VMM records them: sorted and merged, also across memslots. */
export function privateRanges(map: PageMap): DemoRange[] {
    const ranges: { start: bigint; end: bigint }[] = [];
    for (const run of map.runs.filter(({ attribute }) => attribute === 'private')) {
        const last = ranges.at(-1);
        if (last?.end === startOf(run)) last.end = endOf(run);
        else ranges.push({ start: startOf(run), end: endOf(run) });
    }
    return ranges.map(({ start, end }) => ({ gpa: hex(start), size: hex(end - start) }));
}
