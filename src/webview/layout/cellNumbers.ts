/** Reckoning with cells by their numbers, for every layout. */
import type { Piece } from './layout';

/** Splits cells that follow each other, counted from gfn 0, into those of each tile. */
export function piecesOf(firstCell: number, cells: number, tileCells: number): Piece[] {
    const pieces: Piece[] = [];
    for (let cell = firstCell, end = firstCell + cells; cell < end; ) {
        const first = cell % tileCells;
        const count = Math.min(end - cell, tileCells - first);
        pieces.push({ tile: Math.floor(cell / tileCells), first, cells: count });
        cell += count;
    }
    return pieces;
}

/** Index of the last element whose `key` is not above `value`; of the first one when there is none. */
export function lastNotAbove<Item>(items: readonly Item[], keyOf: (item: Item) => number, value: number): number {
    let low = 0;
    let high = items.length - 1;
    while (low < high) {
        const middle = (low + high + 1) >>> 1;
        const item = items[middle];
        if (item !== undefined && keyOf(item) <= value) low = middle;
        else high = middle - 1;
    }
    return low;
}

export const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
