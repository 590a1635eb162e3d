/** The pages of a map that a detector looks for, by memslot: how many there are, and where the most of them lie. */
import { toHex } from '../../common/address';
import type { PageRuns } from '../../common/pageRuns';
import type { PageDetail, PageState } from '../../common/pageState';
import type { WireRange } from '../../common/range';
import type { Pace } from '../pace';
import { mostRanges } from './makeFinding';

/** Runs between two breaths. */
const stride = 1 << 16;

interface Extent {
    readonly first: number;
    readonly pages: number;
}

/** Extents that follow each other count as one. */
export class LargestExtents {
    pages = 0;
    extents = 0;
    private kept: Extent[] = [];
    /** As many of the largest as anybody reads have more pages than this: others need not be kept. */
    private tooFew = 0;
    /** The last extent, which may grow yet. */
    private first = 0;
    private end = -1;

    /** In the order of addresses. */
    add(first: number, pages: number): void {
        this.pages += pages;
        if (this.end !== first) {
            this.close();
            this.extents++;
            this.first = first;
        }
        this.end = first + pages;
    }

    get bytes(): number {
        return this.pages * 4096;
    }

    /** The largest first. */
    list(): Extent[] {
        const open = this.extents === 0 ? [] : [{ first: this.first, pages: this.end - this.first }];
        return largest([...this.kept, ...open]);
    }

    ranges(): WireRange[] {
        return this.list().map(({ first, pages }) => ({ gpa: toHex(first * 4096), size: toHex(pages * 4096) }));
    }

    private close(): void {
        const pages = this.end - this.first;
        if (this.extents === 0 || pages <= this.tooFew) return;
        this.kept.push({ first: this.first, pages });
        if (this.kept.length <= 4 * mostRanges) return;
        this.kept = largest(this.kept);
        this.tooFew = this.kept.at(-1)?.pages ?? 0;
    }
}

const largest = (extents: readonly Extent[]): Extent[] => extents.toSorted((a, b) => b.pages - a.pages || a.first - b.first).slice(0, mostRanges);

type Wanted = (state: PageState, detail: PageDetail) => boolean;

/** By memslot id, in the order of addresses; where no memslot is, nothing is looked for. */
export async function selectPages(runs: PageRuns, wanted: Wanted, pace: Pace): Promise<ReadonlyMap<number, LargestExtents>> {
    const selected = new Map<number, LargestExtents>();
    for (let i = 0; i < runs.count; i += stride) {
        await pace.breathe();
        selectBetween(runs, i, Math.min(i + stride, runs.count), wanted, selected);
    }
    return selected;
}

/** Of the runs [from, to): a map may have millions. */
function selectBetween({ gfns, pages, memslots, states, details }: PageRuns, from: number, to: number, wanted: Wanted, selected: Map<number, LargestExtents>): void {
    let slot = -1;
    let extents = new LargestExtents();
    for (let i = from; i < to; i++) {
        const memslot = memslots[i] ?? -1;
        if (memslot < 0 || !wanted(states[i] ?? 0, details[i] ?? 0)) continue;
        if (memslot !== slot) {
            slot = memslot;
            extents = selected.get(slot) ?? new LargestExtents();
            selected.set(slot, extents);
        }
        extents.add(gfns[i] ?? 0, pages[i] ?? 0);
    }
}
