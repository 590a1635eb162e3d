/** The rows of the table of runs, from what the agent lists of them. */
import type { MapAnswer } from '../../common/mapMessages';
import type { PageRun } from '../../common/model';
import type { Extent, PageKind, RunFilter, RunOrder } from '../../common/openedMap';
import { pageRunAt } from '../../common/pageRuns';
import { AskedRows } from './askedRows';

export interface RunQuery {
    readonly filter: RunFilter;
    readonly order: RunOrder;
    readonly descending: boolean;
}

export type RunList = Extract<MapAnswer, { type: 'list' }>;

export interface TableRow {
    readonly extent: Extent;
    /** In a comparison null where there is no run any more. */
    readonly run: PageRun | null;
    /** Null where there was no run, undefined where nothing is compared. */
    readonly before: PageRun | null | undefined;
    readonly kind: PageKind;
}

/** Bits of RunList.presence. */
const [exists, isInSlot, existed, wasInSlot] = [1, 2, 4, 8];

export class RunRows extends AskedRows<RunQuery, RunList, TableRow> {
    constructor(ask: (query: RunQuery, first: number, most: number) => Promise<RunList | null>, onChange: () => void) {
        super(ask, rowOf, onChange);
    }

    get totalPages(): number {
        return this.latest?.totalPages ?? 0;
    }
}

function rowOf({ runs, before, presence }: RunList, at: number): TableRow | null {
    if (at >= runs.count) return null;
    const bits = presence[at] ?? 0;
    const has = (bit: number) => (bits & bit) !== 0;
    const start = runs.gfns[at] ?? 0;
    const kind: PageKind = {
        state: runs.states[at] ?? 0,
        detail: runs.details[at] ?? 0,
        inMemslot: has(isInSlot),
        ...(before === null ? {} : { exists: has(exists), before: has(existed) ? { state: before.states[at] ?? 0, detail: before.details[at] ?? 0, inMemslot: has(wasInSlot) } : null }),
    };
    return {
        extent: { start, end: start + (runs.pages[at] ?? 0) },
        run: has(exists) ? pageRunAt(runs, at) : null,
        before: before === null ? undefined : has(existed) ? pageRunAt(before, at) : null,
        kind,
    };
}
