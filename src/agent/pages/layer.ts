/**
 * One source's runs over a stretch of guest memory: sorted, disjoint, each with the source's own small state. Page
 * states are combined from several layers (pageStates.ts), so nothing is copied run by run on the way.
 */
import type { PageDetail, PageState } from '../../common/pageState';

/** What one of the addon's chunks has in common with the others. */
export interface LayerChunk {
    /** In the source's own page numbers. */
    readonly first: Float64Array;
    readonly pages: Float64Array;
    readonly states: Uint8Array;
}

/** What a source's states mean as bits of the page state, and of its detail. */
export interface LayerMeaning {
    /** By the source's state. */
    readonly bits: Uint32Array;
    readonly details: Uint32Array;
    /** Where the layer has no run; the detail is then zero. */
    readonly gap: PageState;
}

/** Made once for each kind of source: the tables have an entry for each of 256 states. */
export function makeMeaning(
    gap: PageState,
    bits: (state: number) => PageState,
    details: (state: number) => PageDetail = () => 0,
): LayerMeaning {
    const table = (meaning: (state: number) => number) => Uint32Array.from({ length: 256 }, (_, state) => meaning(state));
    return { gap, bits: table(bits), details: table(details) };
}

export interface Layer extends LayerChunk {
    readonly count: number;
    /** To be added to `first` for a gfn. */
    readonly shift: number;
    readonly meaning: LayerMeaning;
}

export function makeLayer(chunks: readonly LayerChunk[], shift: number, meaning: LayerMeaning): Layer {
    const [only] = chunks;
    const { first, pages, states } = only !== undefined && chunks.length === 1 ? only : joinChunks(chunks);
    return { count: first.length, first, pages, states, shift, meaning };
}

function joinChunks(chunks: readonly LayerChunk[]): LayerChunk {
    const count = chunks.reduce((sum, chunk) => sum + chunk.first.length, 0);
    const joined = { first: new Float64Array(count), pages: new Float64Array(count), states: new Uint8Array(count) };
    let at = 0;
    for (const chunk of chunks) {
        joined.first.set(chunk.first, at);
        joined.pages.set(chunk.pages, at);
        joined.states.set(chunk.states, at);
        at += chunk.first.length;
    }
    return joined;
}

/** Index of the first run that ends after `gfn`; the count of runs when none does. */
export function firstRunEndingAfter(layer: Layer, gfn: number): number {
    let low = 0;
    let high = layer.count;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((layer.first[middle] ?? 0) + (layer.pages[middle] ?? 0) + layer.shift <= gfn) low = middle + 1;
        else high = middle;
    }
    return low;
}

/** Whether any run reaches into [gfn, end). */
export const hasRuns = (layer: Layer, gfn: number, end: number): boolean =>
    (layer.first[firstRunEndingAfter(layer, gfn)] ?? Infinity) + layer.shift < end;

/** The first and one past the last page in [start, end) that no run covers, in the source's numbers; null when all are. */
export function uncovered(layer: LayerChunk, start: number, end: number): { start: number; end: number } | null {
    let first: number | null = null;
    let last = start;
    let at = start;
    for (let i = 0; i < layer.first.length; i++) {
        const run = layer.first[i] ?? 0;
        if (run > at) {
            first ??= at;
            last = run;
        }
        at = Math.max(at, run + (layer.pages[i] ?? 0));
    }
    if (at < end) {
        first ??= at;
        last = end;
    }
    return first === null ? null : { start: first, end: last };
}
