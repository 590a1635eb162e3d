/**
 * Counts of pages per class for any range of gfns. Built once per map; a question then costs a binary search and at
 * most one block of runs, whatever the size of the guest.
 */
import { findRun, type PageRuns } from '../common/pageRuns';
import { classCount, classOf, type PageClass } from './pageClass';

/** Pages per class, `classCount` long. */
export type ClassCounts = Float64Array;

/** Runs between two stored sums. */
const blockRuns = 64;

export class PageIndex {
    /** Class of each run. */
    readonly classes: Uint8Array;
    readonly totals: ClassCounts;
    /** Pages per class before each block, one row of `classCount` per block. */
    private readonly sums: Float64Array;
    private readonly below = new Float64Array(classCount);

    constructor(readonly runs: PageRuns) {
        const { count, pages, memslots, states } = runs;
        this.classes = new Uint8Array(count);
        this.sums = new Float64Array(Math.ceil(count / blockRuns) * classCount);
        this.totals = new Float64Array(classCount);
        const known = new Map<number, PageClass>();
        for (let run = 0; run < count; run++) {
            if (run % blockRuns === 0) this.sums.set(this.totals, (run / blockRuns) * classCount);
            const inMemslot = (memslots[run] ?? -1) >= 0;
            // States use 19 bits; the sign tells a page outside memslots from the same state inside.
            const key = inMemslot ? (states[run] ?? 0) : ~(states[run] ?? 0);
            let pageClass = known.get(key);
            if (pageClass === undefined) known.set(key, (pageClass = classOf(states[run] ?? 0, inMemslot)));
            this.classes[run] = pageClass;
            this.totals[pageClass] = (this.totals[pageClass] ?? 0) + (pages[run] ?? 0);
        }
    }

    /** Pages per class in [start, end), written into `into`. */
    count(start: number, end: number, into: ClassCounts): void {
        this.countBelow(end, into);
        this.countBelow(start, this.below);
        for (let c = 0; c < classCount; c++) into[c] = (into[c] ?? 0) - (this.below[c] ?? 0);
    }

    /** Pages per class in each of `cells` neighbours of `cellPages` pages from `start` on, one row of `into` per cell. */
    countCells(start: number, cellPages: number, cells: number, into: Float64Array): void {
        const lower = this.below;
        this.countBelow(start, lower);
        let run = findRun(this.runs, start);
        for (let cell = 0; cell < cells; cell++) {
            const row = into.subarray(cell * classCount, (cell + 1) * classCount);
            const from = start + cell * cellPages;
            const to = from + cellPages;
            while (run < this.runs.count && this.runEnd(run) <= from) run++;
            if (this.runEnd(run) >= to || this.runStart(run) >= to) {
                // One run, or none, holds the whole cell: by far the commonest case, and it needs no search.
                row.fill(0);
                const first = Math.max(from, this.runStart(run));
                if (first < to) row[this.classes[run] ?? 0] = to - first;
                for (let c = 0; c < classCount; c++) lower[c] = (lower[c] ?? 0) + (row[c] ?? 0);
                continue;
            }
            run = this.countBelow(to, row);
            for (let c = 0; c < classCount; c++) {
                const upper = row[c] ?? 0;
                row[c] = upper - (lower[c] ?? 0);
                lower[c] = upper;
            }
        }
    }

    private runStart(run: number): number {
        return this.runs.gfns[run] ?? Infinity;
    }

    private runEnd(run: number): number {
        return this.runStart(run) + (this.runs.pages[run] ?? 0);
    }

    /** Pages per class below `gfn`; returns the run that holds `gfn` or the first one after it. */
    private countBelow(gfn: number, into: ClassCounts): number {
        const { count, gfns, pages } = this.runs;
        const last = findRun(this.runs, gfn);
        if (last === count) {
            into.set(this.totals);
            return last;
        }
        const block = Math.floor(last / blockRuns);
        for (let c = 0; c < classCount; c++) into[c] = this.sums[block * classCount + c] ?? 0;
        for (let run = block * blockRuns; run < last; run++) {
            const pageClass = this.classes[run] ?? 0;
            into[pageClass] = (into[pageClass] ?? 0) + (pages[run] ?? 0);
        }
        const part = gfn - (gfns[last] ?? 0);
        if (part > 0) {
            const pageClass = this.classes[last] ?? 0;
            into[pageClass] = (into[pageClass] ?? 0) + part;
        }
        return last;
    }
}
