/**
 * Tiles of the page map. At level n a cell is 2^n pages and a tile is 4,096 cells in address order, so tile i of level n
 * begins at gfn i * 4096 * 2^n, whatever the layout on the screen. A tile tells for each cell how many pages are in each
 * class of a layer: counts, never averages, so that one private page of a terabyte is still there.
 */
export const tileCells = 4096;
/** gfns have 52 bits: at this level one cell is everything. */
export const highestTileLevel = 52;

export interface MapTile {
    readonly level: number;
    readonly index: number;
    /** The entries of cell i are those from offsets[i] to offsets[i + 1]; `tileCells` + 1 numbers. */
    readonly offsets: Uint32Array;
    /** Class of each entry, rising within a cell. */
    readonly classes: Uint8Array;
    /** Pages of each entry, above 0. What is missing to the size of the cell is in no run: no memslot. */
    readonly pages: Float64Array;
}

export const tilePages = (level: number): number => tileCells * 2 ** level;
