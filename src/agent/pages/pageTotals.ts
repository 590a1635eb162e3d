/** Adds up what the runs of a page map say. */
import { toHex } from '../../common/address';
import type { MemslotTotals, PageTotals } from '../../common/model';
import type { PageRuns } from '../../common/pageRuns';
import { isDoubleBacked, isPrivate, type PageState } from '../../common/pageState';

export function totalsOf({ count, memslots, states, pages }: PageRuns): PageTotals {
    const totals = new TotalsCount();
    for (let i = 0; i < count; i++) totals.of(memslots[i] ?? -1).add(states[i] ?? 0, pages[i] ?? 0);
    return totals.finish();
}

export class TotalsCount {
    private readonly memslots = new Map<number, MemslotCount>();
    private last = new MemslotCount(-1);
    private readonly outside = new MemslotCount(-1);

    /** -1 = outside of memslots. */
    of(memslot: number): MemslotCount {
        if (memslot < 0) return this.outside;
        if (this.last.memslot === memslot) return this.last;
        this.last = this.memslots.get(memslot) ?? new MemslotCount(memslot);
        this.memslots.set(memslot, this.last);
        return this.last;
    }

    finish(): PageTotals {
        const sum = (of: (count: MemslotCount) => number) => bytes([...this.memslots.values()].reduce((pages, count) => pages + of(count), 0));
        return {
            private: sum((count) => count.privatePages),
            shared: sum((count) => count.sharedPages),
            doubleBacked: sum((count) => count.doubleBackedPages),
            outsideMemslots: bytes(this.outside.privatePages),
            memslots: [...this.memslots.values()].map((count) => count.totals()),
        };
    }
}

const bytes = (pages: number) => toHex(BigInt(pages) * 4096n);

class MemslotCount {
    privatePages = 0;
    sharedPages = 0;
    doubleBackedPages = 0;

    constructor(readonly memslot: number) {}

    add(state: PageState, pages: number): void {
        if (isPrivate(state)) this.privatePages += pages;
        else this.sharedPages += pages;
        if (isDoubleBacked(state)) this.doubleBackedPages += pages;
    }

    totals(): MemslotTotals {
        return {
            memslot: this.memslot,
            private: bytes(this.privatePages),
            shared: bytes(this.sharedPages),
            doubleBacked: bytes(this.doubleBackedPages),
        };
    }
}
