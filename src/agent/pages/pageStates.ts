/**
 * Combines what the sources say into page runs. A stretch of guest memory has up to seven layers; the sweep goes from
 * boundary to boundary of any of them and never looks at a single page. Pure: millions of runs are a matter of typed
 * arrays.
 */
import type { PageTotals } from '../../common/model';
import { hvaStateOf, isPrivate, type PageDetail, type PageState } from '../../common/pageState';
import { PageRunsBuilder, type PageRuns } from '../../common/pageRuns';
import { firstRunEndingAfter, type Layer } from './layer';
import { TotalsCount } from './pageTotals';
import { whyNotLarger, type LargerPages } from './whyNotLarger';

/** A stretch of one memslot. */
export interface Stretch {
    /** [gfn, end) */
    readonly gfn: number;
    readonly end: number;
    readonly memslot: number;
    /** Bits that hold throughout. */
    readonly fixed: PageState;
    readonly fixedDetail: PageDetail;
    /** The copy that the guest uses of a page with each attribute, as bits of the detail. */
    readonly copies: { readonly private: PageDetail; readonly shared: PageDetail };
    readonly attributes: Layer | null;
    /** The HVA side as the VMM's page table has it; where that is absent, `pageCache` says whether the file has the page. */
    readonly pageTable: Layer | null;
    readonly pageCache: Layer | null;
    readonly guestMemfd: Layer | null;
    readonly guestMapping: Layer | null;
    readonly dirty: Layer | null;
    /** What is against larger pages; null where the guest maps none, or it is not known which. */
    readonly largerPages: LargerPages | null;
}

/** Walks a layer forward: `bits` hold until gfn `until`. Without a layer there are no bits. */
export class Cursor {
    bits: PageState;
    detail: PageDetail;
    until: number;
    private next: number;

    constructor(
        private readonly layer: Layer | null,
        gfn: number,
    ) {
        this.bits = 0;
        this.detail = 0;
        this.until = Infinity;
        this.next = layer === null ? 0 : firstRunEndingAfter(layer, gfn);
        if (layer !== null) this.moveTo(gfn);
    }

    /** `gfn` only ever grows. */
    moveTo(gfn: number): void {
        const { layer } = this;
        if (layer === null) return;
        const { first, pages, shift } = layer;
        let start = Infinity;
        let end = Infinity;
        for (; this.next < layer.count; this.next++) {
            start = (first[this.next] ?? 0) + shift;
            end = start + (pages[this.next] ?? 0);
            if (end > gfn) break;
        }
        if (this.next >= layer.count || start > gfn) {
            this.bits = layer.meaning.gap;
            this.detail = 0;
            this.until = this.next >= layer.count ? Infinity : start;
        } else {
            const state = layer.states[this.next] ?? 0;
            this.bits = layer.meaning.bits[state] ?? 0;
            this.detail = layer.meaning.details[state] ?? 0;
            this.until = end;
        }
    }
}

const isAbsentHva = (bits: PageState): boolean => hvaStateOf(bits) === 'absent';

export class PageStateSweep {
    private readonly runs = new PageRunsBuilder();
    private readonly totals = new TotalsCount();

    /** Stretches and gaps come in the order of their gfns. */
    addStretch({ gfn, end, memslot, fixed, fixedDetail, copies, largerPages, ...layers }: Stretch): void {
        const count = this.totals.of(memslot);
        const attributes = new Cursor(layers.attributes, gfn);
        const pageTable = new Cursor(layers.pageTable, gfn);
        const pageCache = new Cursor(layers.pageCache, gfn);
        const guestMemfd = new Cursor(layers.guestMemfd, gfn);
        const guestMapping = new Cursor(layers.guestMapping, gfn);
        const dirty = new Cursor(layers.dirty, gfn);
        const counted = new Cursor(largerPages?.counted ?? null, gfn);
        const fallsBack = layers.pageCache !== null;
        for (let at = gfn; at < end; ) {
            if (attributes.until <= at) attributes.moveTo(at);
            if (pageTable.until <= at) pageTable.moveTo(at);
            if (pageCache.until <= at) pageCache.moveTo(at);
            if (guestMemfd.until <= at) guestMemfd.moveTo(at);
            if (guestMapping.until <= at) guestMapping.moveTo(at);
            if (dirty.until <= at) dirty.moveTo(at);
            if (counted.until <= at) counted.moveTo(at);
            const hvaSide = fallsBack && isAbsentHva(pageTable.bits) ? pageCache : pageTable;
            const state = (fixed | attributes.bits | hvaSide.bits | guestMemfd.bits | guestMapping.bits | dirty.bits) >>> 0;
            const attribute = isPrivate(state) ? 'private' : 'shared';
            const copy = copies[attribute];
            let detail = fixedDetail | copy | guestMemfd.detail | guestMapping.detail;
            if (largerPages !== null) {
                detail |= whyNotLarger(state, detail, largerPages.obstacles[attribute] | counted.detail, largerPages);
            }
            const hvaUntil = Math.min(pageTable.until, pageCache.until);
            const until = Math.min(end, attributes.until, hvaUntil, guestMemfd.until, guestMapping.until, dirty.until, counted.until);
            count.add(state, until - at);
            this.runs.append(at, until - at, memslot, state, detail >>> 0);
            at = until;
        }
    }

    /** [gfn, end) holds no memslot: only its private pages are told. */
    addGap(gfn: number, end: number, attributes: Layer | null, fixed: PageState): void {
        if (attributes === null) return;
        const cursor = new Cursor(attributes, gfn);
        for (let at = gfn; at < end; ) {
            if (cursor.until <= at) cursor.moveTo(at);
            const until = Math.min(end, cursor.until);
            if (isPrivate(cursor.bits)) {
                this.totals.of(-1).add(cursor.bits, until - at);
                this.runs.append(at, until - at, -1, (fixed | cursor.bits) >>> 0);
            }
            at = until;
        }
    }

    finish(): { runs: PageRuns; totals: PageTotals } {
        return { runs: this.runs.build(), totals: this.totals.finish() };
    }
}
