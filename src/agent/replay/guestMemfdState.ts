/** Which pages a guest_memfd has at a time of a recording, and what is known of them. */
import { firstRunEndingAfter, makeLayer, type Layer } from '../pages/layer';
import { guestMemfdMeaning } from '../pages/residency';
import { LayerBuilder } from './layerBuilder';
import { PageSet } from './pageSet';

/** In the page cache's words: of a page that came later neither its NUMA node is known nor whether it is up to date. */
const came = 1;

export class GuestMemfdState {
    private constructor(
        /** With which it was made; null where that is not known. */
        readonly flags: bigint | null,
        /** Private by its own store; null where the kernel keeps none for it, or that is not known. */
        readonly privatePages: PageSet | null,
        /** Its pages when the recording began, as the page cache tells them. */
        private readonly atStart: Layer,
        private readonly allocated: PageSet,
        /** Those that have been there since. */
        private readonly remaining: PageSet,
    ) {}

    static atStart(flags: bigint, privatePages: PageSet | null, pages: Layer): GuestMemfdState {
        const allocated = new PageSet();
        for (let i = 0; i < pages.count; i++) {
            const first = pages.first[i] ?? 0;
            allocated.add(first, first + (pages.pages[i] ?? 0));
        }
        return new GuestMemfdState(flags, privatePages, pages, allocated, allocated.copy());
    }

    /** One that has no pages yet. */
    static made(flags: bigint | null, privatePages: PageSet | null): GuestMemfdState {
        return new GuestMemfdState(flags, privatePages, makeLayer([], 0, guestMemfdMeaning), new PageSet(), new PageSet());
    }

    copy(): GuestMemfdState {
        const { flags, privatePages, atStart, allocated, remaining } = this;
        return new GuestMemfdState(flags, privatePages?.copy() ?? null, atStart, allocated.copy(), remaining.copy());
    }

    get bytesToCopy(): number {
        return this.allocated.bytesToCopy + this.remaining.bytesToCopy + (this.privatePages?.bytesToCopy ?? 0);
    }

    get allocatedPages(): number {
        return this.allocated.count();
    }

    addPages(first: number, end: number): void {
        this.allocated.add(first, end);
    }

    removePages(first: number, end: number): void {
        this.allocated.remove(first, end);
        this.remaining.remove(first, end);
    }

    /** Of pages [first, end). */
    layer(first: number, end: number, shift: number): Layer {
        const layer = new LayerBuilder();
        for (const [from, until] of this.allocated.runs(first, end)) {
            for (let at = from; at < until; ) {
                const stays = this.remaining.has(at);
                const next = this.remaining.next(!stays, at, until);
                if (stays) this.appendFromStart(layer, at, next);
                else layer.append(at, next, came);
                at = next;
            }
        }
        return layer.build(shift, guestMemfdMeaning);
    }

    private appendFromStart(layer: LayerBuilder, from: number, until: number): void {
        const { first, pages, states } = this.atStart;
        for (let i = firstRunEndingAfter(this.atStart, from), at = from; at < until; i++) {
            const end = Math.min(until, (first[i] ?? 0) + (pages[i] ?? 0));
            layer.append(at, end, states[i] ?? came);
            at = end;
        }
    }
}
