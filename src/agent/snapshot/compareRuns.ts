/** Compares two page maps of one address space, run by run. Pure; nothing is held but the place in both. */
import type { PageRuns } from '../../common/pageRuns';
import { changesOf, type PageChange, type PageFacts } from './pageChanges';

/** Consecutive pages that were in one run before and are in one now; an index of -1 = there is no run. */
export interface ComparedRun {
    readonly gfn: number;
    readonly pages: number;
    readonly before: number;
    readonly after: number;
    readonly changes: readonly PageChange[];
}

/** What changed, by address; `isWanted` chooses which changes count. */
export function* compareRuns(before: PageRuns, after: PageRuns, isWanted: (change: PageChange) => boolean): Generator<ComparedRun> {
    const sides = [new Side(before), new Side(after)] as const;
    let told: ComparedRun | undefined;
    const judge = makeJudge(before, after, isWanted);
    for (let at = 0; ; ) {
        const from = Math.max(at, Math.min(sides[0].beginAfter(at), sides[1].beginAfter(at)));
        if (from === Infinity) break;
        const [was, is] = [sides[0].runAt(from), sides[1].runAt(from)];
        const until = Math.min(sides[0].edgeAfter(from), sides[1].edgeAfter(from));
        const changes = judge(was, is);
        if (changes.length > 0) {
            const joins = told !== undefined && told.gfn + told.pages === from && sameFacts(before, told.before, was) && sameFacts(after, told.after, is);
            if (told !== undefined && !joins) yield told;
            told = joins && told !== undefined ? { ...told, pages: told.pages + until - from } : { gfn: from, pages: until - from, before: was, after: is, changes };
        }
        at = until;
    }
    if (told !== undefined) yield told;
}

/** Walks the runs of one map forward. */
class Side {
    private next = 0;

    constructor(private readonly runs: PageRuns) {}

    /** Where the run begins that holds `gfn`, or the first one after it. */
    beginAfter(gfn: number): number {
        while (this.next < this.runs.count && this.end() <= gfn) this.next++;
        return this.begin();
    }

    runAt(gfn: number): number {
        return this.beginAfter(gfn) <= gfn ? this.next : -1;
    }

    /** The next begin or end of a run after `gfn`. */
    edgeAfter(gfn: number): number {
        return this.beginAfter(gfn) > gfn ? this.begin() : this.end();
    }

    private begin(): number {
        return this.next < this.runs.count ? (this.runs.gfns[this.next] ?? 0) : Infinity;
    }

    private end(): number {
        return (this.runs.gfns[this.next] ?? 0) + (this.runs.pages[this.next] ?? 0);
    }
}

const factsAt = (runs: PageRuns, run: number): PageFacts | null =>
    run < 0 ? null : { state: runs.states[run] ?? 0, detail: runs.details[run] ?? 0, memslot: runs.memslots[run] ?? -1 };

function sameFacts(runs: PageRuns, one: number, other: number): boolean {
    if (one < 0 || other < 0) return one === other;
    return runs.states[one] === runs.states[other] && runs.details[one] === runs.details[other] && runs.memslots[one] === runs.memslots[other];
}

/** Runs are of few kinds: what became of a page is judged once for all that were and are of the same ones. */
function makeJudge(before: PageRuns, after: PageRuns, isWanted: (change: PageChange) => boolean) {
    const judged = new Map<string, readonly PageChange[]>();
    const unchanged: readonly PageChange[] = [];
    return (was: number, is: number): readonly PageChange[] => {
        const [one, other] = [factsAt(before, was), factsAt(after, is)];
        if (one !== null && other !== null && one.state === other.state && one.detail === other.detail && one.memslot === other.memslot) return unchanged;
        const key = JSON.stringify([one, other]);
        let changes = judged.get(key);
        if (changes === undefined) {
            changes = changesOf(one, other).filter(isWanted);
            if (judged.size < mostJudged) judged.set(key, changes);
        }
        return changes;
    };
}

const mostJudged = 10_000;
