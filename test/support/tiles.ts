/** Tiles of open maps, taken apart into cells. */
import type { PackedTile } from '../../src/common/mapMethods';
import { tileCells } from '../../src/common/mapTiles';

/** Pages by "cell class"; cells count from gfn 0. */
export type CellPages = Record<string, number>;

const aligned = (bytes: Uint8Array) => new Uint8Array(bytes).buffer;

export function cellsOf(tiles: readonly PackedTile[]): CellPages {
    const cells: CellPages = {};
    for (const { index, offsets, classes, pages } of tiles) {
        const ends = new Uint32Array(aligned(offsets));
        const counts = new Float64Array(aligned(pages));
        for (let cell = 0; cell < tileCells; cell++) {
            for (let i = ends[cell] ?? 0; i < (ends[cell + 1] ?? 0); i++) {
                cells[`${index * tileCells + cell} ${classes[i] ?? -1}`] = counts[i] ?? 0;
            }
        }
    }
    return cells;
}

/** The same, page by page. */
export function cellsOfPages(pages: readonly { readonly gfn: number; readonly class: number }[], level: number): CellPages {
    const cells: CellPages = {};
    for (const { gfn, class: one } of pages) {
        const key = `${Math.floor(gfn / 2 ** level)} ${one}`;
        cells[key] = (cells[key] ?? 0) + 1;
    }
    return cells;
}
