/** A comparison of two page maps as JSON, piece by piece. */
import { toHex, type Hex } from '../../common/address';
import type { PageRun, Unknown, VmId } from '../../common/model';
import { pageRunAt, type PageRuns } from '../../common/pageRuns';
import type { ComparedRun } from '../snapshot/compareRuns';
import { pageChanges, type PageChange } from '../snapshot/pageChanges';
import { toJson } from './render/text';

export interface ComparedSide {
    /** As it was named: a VM or a file. */
    readonly source: string;
    readonly vm: VmId;
    readonly takenAt: string;
    readonly consistent: boolean;
    readonly unknown: readonly Unknown[];
    readonly runs: PageRuns;
}

/** What `guestmem compare --json` prints. */
export interface Comparison {
    readonly addressSpace: number;
    readonly before: Omit<ComparedSide, 'unknown' | 'runs'>;
    readonly after: Omit<ComparedSide, 'unknown' | 'runs'>;
    readonly changes: readonly {
        readonly gpa: Hex;
        readonly size: Hex;
        readonly changes: readonly PageChange[];
        readonly before: PageRun | null;
        readonly after: PageRun | null;
    }[];
    readonly totals: readonly ChangeTotal[];
    readonly unknown: readonly Unknown[];
}

export interface ChangeTotal {
    readonly change: PageChange;
    readonly size: Hex;
}

/** Adds up the bytes of each change. */
export class ChangeTotals {
    private readonly pages = new Map<PageChange, number>();

    add({ changes, pages }: ComparedRun): void {
        for (const change of changes) this.pages.set(change, (this.pages.get(change) ?? 0) + pages);
    }

    list(): ChangeTotal[] {
        return pageChanges
            .filter((change) => this.pages.has(change))
            .map((change) => ({ change, size: toHex((this.pages.get(change) ?? 0) * 4096) }));
    }
}

/** The run's facts for the pages that are compared; null where there is no run. */
export function runOf(runs: PageRuns, index: number, { gfn, pages }: ComparedRun): PageRun | null {
    return index < 0 ? null : { ...pageRunAt(runs, index), gpa: toHex(gfn * 4096), size: toHex(pages * 4096) };
}

function unknownOf(before: ComparedSide, after: ComparedSide): Unknown[] {
    const of = (side: string, unknown: readonly Unknown[]) => unknown.map(({ field, reason }) => ({ field: `${side}.${field}`, reason }));
    return [...of('before', before.unknown), ...of('after', after.unknown)];
}

export function* comparisonJson(addressSpace: number, before: ComparedSide, after: ComparedSide, compared: Iterable<ComparedRun>): Generator<string> {
    const head = ({ source, vm, takenAt, consistent }: ComparedSide) => ({ source, vm, takenAt, consistent });
    const totals = new ChangeTotals();
    let separator = '';
    yield `${toJson({ addressSpace, before: head(before), after: head(after) }).slice(0, -1)},"changes":[`;
    for (const run of compared) {
        totals.add(run);
        const [was, is] = [runOf(before.runs, run.before, run), runOf(after.runs, run.after, run)];
        yield separator + toJson({ gpa: toHex(run.gfn * 4096), size: toHex(run.pages * 4096), changes: run.changes, before: was, after: is });
        separator = ',';
    }
    yield `],"totals":${toJson(totals.list())},"unknown":${toJson(unknownOf(before, after))}}\n`;
}
