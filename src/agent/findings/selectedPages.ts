/** The pages of a map that a detector looks for, by memslot: how many there are, and where the most of them lie. */
import { toHex } from '../../common/address';
import type { PageRuns } from '../../common/pageRuns';
import type { PageDetail, PageState } from '../../common/pageState';
import type { WireRange } from '../../common/range';
import type { Pace } from '../pace';
import { mostRanges } from './makeFinding';

/** Runs between two breaths. */
const stride = 1 << 16;

/** Extents that follow each other count as one. */
export class LargestExtents {
    pages = 0;
    extents = 0;
    private kept: { readonly first: number; pages: number }[] = [];
    private open: { readonly first: number; pages: number } | undefined;

    /** In the order of addresses. */
    add(first: number, pages: number): void {
        this.pages += pages;
        if (this.open !== undefined && this.open.first + this.open.pages === first) {
            this.open.pages += pages;
            return;
        }
        this.open = { first, pages };
        this.extents++;
        this.kept.push(this.open);
        // The one that is open yet grows.
        if (this.kept.length > 4 * mostRanges) this.kept = [...this.sorted().filter((extent) => extent !== this.open).slice(0, mostRanges), this.open];
    }

    get bytes(): number {
        return this.pages * 4096;
    }

    /** The largest first. */
    list(): { readonly first: number; readonly pages: number }[] {
        return this.sorted().slice(0, mostRanges);
    }

    ranges(): WireRange[] {
        return this.list().map(({ first, pages }) => ({ gpa: toHex(first * 4096), size: toHex(pages * 4096) }));
    }

    private sorted() {
        return this.kept.toSorted((a, b) => b.pages - a.pages || a.first - b.first);
    }
}

/** By memslot id, in the order of addresses; where no memslot is, nothing is looked for. */
export async function selectPages(
    runs: PageRuns,
    wanted: (state: PageState, detail: PageDetail) => boolean,
    pace: Pace,
): Promise<ReadonlyMap<number, LargestExtents>> {
    const selected = new Map<number, LargestExtents>();
    for (let i = 0; i < runs.count; i++) {
        if (i % stride === 0) await pace.breathe();
        const memslot = runs.memslots[i] ?? -1;
        if (memslot < 0 || !wanted(runs.states[i] ?? 0, runs.details[i] ?? 0)) continue;
        let extents = selected.get(memslot);
        if (extents === undefined) selected.set(memslot, (extents = new LargestExtents()));
        extents.add(runs.gfns[i] ?? 0, runs.pages[i] ?? 0);
    }
    return selected;
}
