/** What a conversion would change, from the attribute runs as they are now. Pure. */
import { toHex } from '../../common/address';
import type { AttributeRun } from '../../common/change';
import type { Attribute } from '../../common/model';
import { attributeRuns } from '../pages/attributeRuns';
import type { Layer } from '../pages/layer';
import type { Window } from '../pages/window';

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
