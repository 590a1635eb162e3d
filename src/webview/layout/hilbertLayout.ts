/**
 * The layout along a Hilbert curve: what is near in address is near on the screen, in both directions, at every zoom.
 * Memory is taken in chunks, a power of four of pages each; chunks without pages are left out, so that gaps take no room
 * on the curve. Which chunks there are does not depend on the zoom, so that places only grow when one zooms in.
 */
import { tileCells } from '../../common/mapTiles';
import type { Extent } from '../../common/openedMap';
import { curvePlace, curvePosition } from './hilbertCurve';
import { clamp, lastNotAbove, piecesOf } from './cellNumbers';
import type { Box, CellLayout, Patch, Piece } from './layout';

/** Cells of a patch in each direction: as many as there are in a tile. */
const patchSide = 64;
const mostChunks = 4096;

/** Chunks that follow each other: [start, end) in gfns. */
interface Stretch extends Extent {
    /** Pages of the stretches before it. */
    readonly before: number;
}

/** The memory of a map, its gaps left out. */
export interface Chunks {
    readonly chunkPages: number;
    readonly stretches: readonly Stretch[];
    /** Of all chunks. */
    readonly pages: number;
    /** How far they reach on the curve, in chunks. */
    readonly columns: number;
    readonly rows: number;
}

/** The smallest chunks of which there are not too many. */
export function makeChunks(extents: readonly Extent[]): Chunks {
    for (let chunkPages = 1; ; chunkPages *= 4) {
        const stretches: { start: number; end: number; before: number }[] = [];
        let pages = 0;
        for (const { start, end } of extents) {
            const last = stretches.at(-1);
            const from = Math.max(last?.end ?? 0, Math.floor(start / chunkPages) * chunkPages);
            const to = Math.ceil(end / chunkPages) * chunkPages;
            if (to <= from) continue;
            if (last?.end === from) last.end = to;
            else stretches.push({ start: from, end: to, before: pages });
            pages += to - from;
        }
        if (pages / chunkPages <= mostChunks) return { chunkPages, stretches, pages, ...reachOf(pages / chunkPages) };
    }
}

function reachOf(chunks: number): { columns: number; rows: number } {
    const order = curveOrder(chunks);
    let [columns, rows] = [0, 0];
    for (let chunk = 0; chunk < chunks; chunk++) {
        const { x, y } = curvePlace(order, chunk);
        columns = Math.max(columns, x + 1);
        rows = Math.max(rows, y + 1);
    }
    return { columns, rows };
}

/** How many times a side doubles until the square has a place for each cell. */
const curveOrder = (cells: number): number => Math.max(0, Math.ceil(Math.log2(cells) / 2));

/** The places of the cells of a patch, line by line; there are only few different ones. */
const knownPlaces = new Map<string, Uint16Array>();

export class HilbertLayout implements CellLayout {
    readonly kind = 'hilbert';
    readonly cellPages: number;
    readonly cellHeight: number;
    readonly cells: number;
    readonly width: number;
    readonly height: number;
    private readonly order: number;
    /** The same for whole patches. */
    private readonly patchOrder: number;
    private readonly side: number;

    /** `level` is even, and a cell at most a chunk. */
    constructor(
        private readonly chunks: Chunks,
        readonly level: number,
        readonly cellWidth: number,
    ) {
        this.cellPages = 2 ** level;
        this.cellHeight = cellWidth;
        this.cells = chunks.pages / this.cellPages;
        this.order = curveOrder(this.cells);
        this.side = Math.min(patchSide, 2 ** this.order);
        this.patchOrder = this.order - Math.log2(this.side);
        const chunkSide = Math.sqrt(chunks.chunkPages / this.cellPages) * cellWidth;
        this.width = chunks.columns * chunkSide;
        this.height = chunks.rows * chunkSide;
    }

    *patchesIn({ left, top, right, bottom }: Box): Generator<Patch> {
        const { side, patchOrder } = this;
        const size = side * this.cellWidth;
        const last = 2 ** patchOrder - 1;
        for (let y = clamp(Math.floor(top / size), 0, last); y <= last && y * size < bottom; y++) {
            for (let x = clamp(Math.floor(left / size), 0, last); x <= last && x * size < right; x++) {
                const patch = curvePosition(patchOrder, { x, y });
                const first = patch * side * side;
                if (first >= this.cells) continue;
                const pieces = this.piecesBetween(first, Math.min(first + side * side, this.cells));
                yield { key: String(patch), pieces, places: this.placesIn(first), columns: side, rows: side, x: x * size, y: y * size };
            }
        }
    }

    /** The pages in a box, as squares of an eighth of a patch that are at least partly in it. */
    squaresIn({ left, top, right, bottom }: Box): Extent[] {
        const side = Math.min(patchSide / 8, 2 ** this.order);
        const size = side * this.cellWidth;
        const order = this.order - Math.log2(side);
        const end = 2 ** order;
        const squares: Extent[] = [];
        for (let y = Math.max(0, Math.floor(top / size)); y < end && y * size < bottom; y++) {
            for (let x = Math.max(0, Math.floor(left / size)); x < end && x * size < right; x++) {
                const first = curvePosition(order, { x, y }) * side * side;
                if (first >= this.cells) continue;
                const last = Math.min(first + side * side, this.cells) - 1;
                squares.push({ start: this.extentOf(first).start, end: this.extentOf(last).end });
            }
        }
        return squares;
    }

    anchorAt(x: number, y: number): number {
        return this.cellAt(x, y)?.cell ?? 0;
    }

    cellAt(x: number, y: number): { cell: number; inside: boolean } | null {
        if (this.cells === 0) return null;
        const last = 2 ** this.order - 1;
        const [column, row] = [Math.floor(x / this.cellWidth), Math.floor(y / this.cellHeight)];
        const cell = curvePosition(this.order, { x: clamp(column, 0, last), y: clamp(row, 0, last) });
        const inside = column >= 0 && column <= last && row >= 0 && row <= last && cell < this.cells;
        return { cell: Math.min(cell, this.cells - 1), inside };
    }

    cellOf(gfn: number): number {
        const stretch = this.chunks.stretches[lastNotAbove(this.chunks.stretches, ({ start }) => start, gfn)];
        if (stretch === undefined) return 0;
        const within = clamp(gfn, stretch.start, stretch.end - 1) - stretch.start;
        return Math.floor((stretch.before + within) / this.cellPages);
    }

    extentOf(cell: number): Extent {
        const at = cell * this.cellPages;
        const stretch = this.stretchAt(at);
        const start = stretch === undefined ? 0 : stretch.start + at - stretch.before;
        return { start, end: start + this.cellPages };
    }

    placeOf(cell: number): { x: number; y: number } {
        const { x, y } = curvePlace(this.order, cell);
        return { x: x * this.cellWidth, y: y * this.cellHeight };
    }

    /** The stretch that holds the page `at`, counted without gaps. */
    private stretchAt(at: number): Stretch | undefined {
        return this.chunks.stretches[lastNotAbove(this.chunks.stretches, ({ before }) => before, at)];
    }

    private piecesBetween(first: number, end: number): Piece[] {
        const pieces: Piece[] = [];
        for (let cell = first; cell < end; ) {
            const at = cell * this.cellPages;
            const stretch = this.stretchAt(at);
            if (stretch === undefined) break;
            const cells = Math.min(end - cell, (stretch.before + stretch.end - stretch.start - at) / this.cellPages);
            pieces.push(...piecesOf((stretch.start + at - stretch.before) / this.cellPages, cells, tileCells));
            cell += cells;
        }
        return pieces;
    }

    private placesIn(first: number): Uint16Array {
        const { side, order } = this;
        const placeOf = (cell: number) => {
            const { x, y } = curvePlace(order, cell);
            return (y % side) * side + (x % side);
        };
        const key = `${side} ${placeOf(first)} ${placeOf(first + side * side - 1)}`;
        let places = knownPlaces.get(key);
        if (places === undefined) {
            places = Uint16Array.from({ length: side * side }, (_, i) => placeOf(first + i));
            knownPlaces.set(key, places);
        }
        return places;
    }
}
