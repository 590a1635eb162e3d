/**
 * Page runs in columns, the form in which they are built, sent and drawn: 28 bytes a run. Runs of one address space,
 * sorted by gfn, disjoint, merged, never across memslots. gfns fit a double exactly (they are below 2^52).
 */
import { toHex } from './address';
import type { PageRun } from './model';
import {
    attributeOf,
    dirtyOf,
    gmemBackingOf,
    guestCopyOf,
    guestMappingOf,
    hvaBackingOf,
    scopeOf,
    whyNotLargerOf,
    type PageDetail,
    type PageState,
} from './pageState';

export interface PageRuns {
    readonly count: number;
    /** First gfn of each run. */
    readonly gfns: Float64Array;
    /** Length of each run in pages. */
    readonly pages: Float64Array;
    /** Memslot id of each run, -1 where there is none. */
    readonly memslots: Int32Array;
    readonly states: Uint32Array;
    readonly details: Uint32Array;
}

/** Appends runs in order, merging neighbours in the same slot and state; columns grow by doubling. */
export class PageRunsBuilder {
    private count = 0;
    private gfns = new Float64Array(256);
    private pages = new Float64Array(256);
    private memslots = new Int32Array(256);
    private states = new Uint32Array(256);
    private details = new Uint32Array(256);

    /** `gfn` must not be below the end of the last run; pages > 0. */
    append(gfn: number, pages: number, memslot: number, state: PageState, detail: PageDetail = 0): void {
        const last = this.count - 1;
        if (
            last >= 0 &&
            this.states[last] === state &&
            this.details[last] === detail &&
            this.memslots[last] === memslot &&
            (this.gfns[last] ?? 0) + (this.pages[last] ?? 0) === gfn
        ) {
            this.pages[last] = (this.pages[last] ?? 0) + pages;
            return;
        }
        if (this.count === this.gfns.length) this.grow();
        this.gfns[this.count] = gfn;
        this.pages[this.count] = pages;
        this.memslots[this.count] = memslot;
        this.states[this.count] = state;
        this.details[this.count] = detail;
        this.count++;
    }

    build(): PageRuns {
        const { count } = this;
        return {
            count,
            gfns: this.gfns.slice(0, count),
            pages: this.pages.slice(0, count),
            memslots: this.memslots.slice(0, count),
            states: this.states.slice(0, count),
            details: this.details.slice(0, count),
        };
    }

    private grow(): void {
        const size = this.gfns.length * 2;
        const grown = <T extends Float64Array | Int32Array | Uint32Array>(from: T, to: T): T => {
            to.set(from);
            return to;
        };
        this.gfns = grown(this.gfns, new Float64Array(size));
        this.pages = grown(this.pages, new Float64Array(size));
        this.memslots = grown(this.memslots, new Int32Array(size));
        this.states = grown(this.states, new Uint32Array(size));
        this.details = grown(this.details, new Uint32Array(size));
    }
}

/** Index of the run that holds `gfn`, or of the first run after it when none does (`count` = none). */
export function findRun(runs: PageRuns, gfn: number): number {
    let low = 0;
    let high = runs.count;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((runs.gfns[middle] ?? 0) + (runs.pages[middle] ?? 0) <= gfn) low = middle + 1;
        else high = middle;
    }
    return low;
}

/** One run in the model's own words. */
export function pageRunAt(runs: PageRuns, index: number): PageRun {
    const state = runs.states[index] ?? 0;
    const detail = runs.details[index] ?? 0;
    const memslot = runs.memslots[index] ?? -1;
    return {
        gpa: toHex((runs.gfns[index] ?? 0) * 4096),
        size: toHex((runs.pages[index] ?? 0) * 4096),
        memslot: memslot < 0 ? null : memslot,
        attribute: attributeOf(state),
        scope: scopeOf(state),
        hvaBacking: hvaBackingOf(state, detail),
        gmemBacking: gmemBackingOf(state, detail),
        guestMapping: guestMappingOf(state, detail),
        dirty: dirtyOf(state),
        whyNotLarger: whyNotLargerOf(detail),
        guestUses: guestCopyOf(detail),
    };
}
