/** The page map as JSON, piece by piece: millions of runs never become one string. */
import type { PageMap } from '../../common/model';
import { pageRunAt, type PageRuns } from '../../common/pageRuns';
import { toJson } from './render/text';

export function* mapJson(map: Omit<PageMap, 'runs'>, runs: PageRuns): Generator<string> {
    const { vm, addressSpace, takenAt, consistent, totals, unknown } = map;
    yield `${toJson({ vm, addressSpace, takenAt, consistent }).slice(0, -1)},"runs":[`;
    for (let i = 0; i < runs.count; i++) yield (i === 0 ? '' : ',') + toJson(pageRunAt(runs, i));
    yield `],"totals":${toJson(totals)},"unknown":${toJson(unknown)}}\n`;
}
