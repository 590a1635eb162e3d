/** What a conversion would change, from the attribute runs as they are now. Pure. */
import { toHex } from '../common/address';
import type { Attribute, AttributeRun } from '../common/model';
import type { Layer } from './layer';
import { privateAttribute } from './attributeWalk';
import type { Window } from './pageMap';

/** Pages set by one call inside the VMM: 16 MiB. */
export const largestPiece = 4096;

export interface ConvertPlan {
    readonly previousRuns: readonly AttributeRun[];
    /** Runs that have the other attribute now. */
    readonly toChange: readonly Window[];
    readonly pagesChanged: number;
    readonly pagesAlready: number;
}

export function planConversion(window: Window, attributes: Layer, to: Attribute): ConvertPlan {
    const previousRuns: AttributeRun[] = [];
    const toChange: Window[] = [];
    let pagesChanged = 0;
    for (const { gfn, end, attribute } of attributeRuns(window, attributes)) {
        previousRuns.push({ gpa: toHex(BigInt(gfn) << 12n), size: toHex(BigInt(end - gfn) << 12n), attribute });
        if (attribute === to) continue;
        toChange.push({ gfn, end });
        pagesChanged += end - gfn;
    }
    return { previousRuns, toChange, pagesChanged, pagesAlready: window.end - window.gfn - pagesChanged };
}

/** All of the window in runs that alternate between shared and private. */
export function attributeRuns(window: Window, layer: Layer): (Window & { readonly attribute: Attribute })[] {
    const runs: { gfn: number; end: number; attribute: Attribute }[] = [];
    const append = (gfn: number, end: number, attribute: Attribute) => {
        const last = runs.at(-1);
        if (last?.attribute === attribute) last.end = end;
        else if (gfn < end) runs.push({ gfn, end, attribute });
    };
    let at = window.gfn;
    for (let i = 0; i < layer.count; i++) {
        const start = Math.max(window.gfn, (layer.first[i] ?? 0) + layer.shift);
        const end = Math.min(window.end, (layer.first[i] ?? 0) + layer.shift + (layer.pages[i] ?? 0));
        if (start >= end) continue;
        append(at, start, 'shared');
        append(start, end, ((layer.states[i] ?? 0) & privateAttribute) === 0 ? 'shared' : 'private');
        at = end;
    }
    append(at, window.end, 'shared');
    return runs;
}

/**
 * Pieces of at most 16 MiB, each of which begins and ends with a page to change. Small runs that are near each other
 * share a piece: what lies between them has the wanted attribute already. One at a time: a range that reaches far
 * beyond the memslots has more pieces than fit in memory.
 */
export function* planPieces(toChange: Iterable<Window>): Generator<Window & { readonly changes: number }> {
    let piece: { gfn: number; end: number; changes: number } | undefined;
    for (const run of toChange) {
        for (let at = run.gfn; at < run.end; ) {
            const room = piece === undefined ? 0 : piece.gfn + largestPiece;
            if (piece !== undefined && at < room) {
                piece.end = Math.min(run.end, room);
                piece.changes += piece.end - at;
            } else {
                if (piece !== undefined) yield piece;
                const end = Math.min(run.end, at + largestPiece);
                piece = { gfn: at, end, changes: end - at };
            }
            at = piece.end;
        }
    }
    if (piece !== undefined) yield piece;
}
