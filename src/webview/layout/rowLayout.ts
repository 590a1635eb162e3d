/**
 * The layout in rows. Cells go in address order, left to right and top to bottom; a cell is a power of two of pages and
 * a row a power of two of cells, both aligned, so that addresses on the ruler are round. Rows without memslots are left
 * out: a thin strip that names the gap stands for them. A row in which a memslot starts has a strip for the slot's label
 * above it.
 */
import { tileCells } from '../../common/mapTiles';
import type { Extent } from '../../common/openedMap';
import { clamp, lastNotAbove } from './cellNumbers';
import type { Box, CellLayout, Patch } from './layout';

export interface Grid {
    /** Pages in a cell, a power of two. */
    readonly cellPages: number;
    /** Cells in a row, a power of two. */
    readonly columns: number;
    readonly cellWidth: number;
    readonly cellHeight: number;
    /** Height of a strip that carries a label. */
    readonly stripHeight: number;
}

/** Rows that follow each other without a strip between them: [start, end) in gfns. */
export interface Segment extends Extent {
    /** Top of the segment, its strips included. */
    readonly y: number;
    /** Top of its first row. */
    readonly rowsY: number;
    /** Rows shown above it. */
    readonly rowsBefore: number;
    readonly rows: number;
    /** The exact gap that its first strip stands for, or null when its rows follow the ones above. */
    readonly gap: Extent | null;
    /** Memslots start in its first row. */
    readonly labelled: boolean;
}

export interface Row {
    readonly y: number;
    readonly start: number;
    readonly segment: Segment;
    readonly firstOfSegment: boolean;
}

export class RowLayout implements CellLayout {
    readonly kind = 'rows';
    readonly segments: readonly Segment[];
    readonly rowPages: number;
    /** The level of its tiles. */
    readonly level: number;
    readonly cellPages: number;
    readonly cellWidth: number;
    readonly cellHeight: number;
    readonly width: number;
    readonly height: number;
    readonly cells: number;

    constructor(
        readonly grid: Grid,
        extents: readonly Extent[],
        slots: readonly Extent[],
    ) {
        this.rowPages = grid.cellPages * grid.columns;
        this.level = Math.log2(grid.cellPages);
        this.cellPages = grid.cellPages;
        this.cellWidth = grid.cellWidth;
        this.cellHeight = grid.cellHeight;
        this.width = grid.columns * grid.cellWidth;
        this.segments = makeSegments(grid, this.rowPages, extents, slots);
        const last = this.segments.at(-1);
        this.height = last === undefined ? 0 : last.rowsY + last.rows * grid.cellHeight;
        this.cells = last === undefined ? 0 : (last.rowsBefore + last.rows) * grid.columns;
    }

    /** The rows that are at least partly in [top, bottom). */
    *rowsBetween(top: number, bottom: number): Generator<Row> {
        const { cellHeight } = this.grid;
        for (let i = this.segmentAt('y', top); i < this.segments.length; i++) {
            const segment = this.segments[i];
            if (segment === undefined || segment.y >= bottom) return;
            // A first row that lies below `bottom` is still given: its strips may be in sight.
            const first = Math.max(0, Math.floor((top - segment.rowsY) / cellHeight));
            const end = Math.min(segment.rows, Math.max(1, Math.ceil((bottom - segment.rowsY) / cellHeight)));
            for (let row = first; row < end; row++) {
                const y = segment.rowsY + row * cellHeight;
                yield { y, start: segment.start + row * this.rowPages, segment, firstOfSegment: row === 0 };
            }
        }
    }

    *patchesIn({ top, bottom }: Box): Generator<Patch> {
        const { columns, cellHeight } = this.grid;
        const tileRows = tileCells / columns;
        for (let i = this.segmentAt('y', top); i < this.segments.length; i++) {
            const segment = this.segments[i];
            if (segment === undefined || segment.rowsY >= bottom) return;
            const firstRow = segment.start / this.rowPages;
            const rowAt = (y: number) => firstRow + clamp(Math.floor((y - segment.rowsY) / cellHeight), 0, segment.rows - 1);
            const lastTile = Math.floor(rowAt(bottom) / tileRows);
            for (let tile = Math.floor(rowAt(top) / tileRows); tile <= lastTile; tile++) {
                const row = Math.max(firstRow, tile * tileRows);
                const rows = Math.min(firstRow + segment.rows, (tile + 1) * tileRows) - row;
                const pieces = [{ tile, first: (row - tile * tileRows) * columns, cells: rows * columns }];
                const y = segment.rowsY + (row - firstRow) * cellHeight;
                yield { key: String(row), pieces, places: null, columns, rows, x: 0, y };
            }
        }
    }

    anchorAt(_x: number, y: number): number {
        const first = this.rowsBetween(y, y + 1).next();
        return first.done === true ? 0 : this.cellOf(first.value.start);
    }

    cellAt(x: number, y: number): { cell: number; inside: boolean } | null {
        const { columns, cellWidth, cellHeight } = this.grid;
        const segment = this.segments[this.segmentAt('y', y)];
        if (segment === undefined) return null;
        const column = Math.floor(x / cellWidth);
        const row = Math.floor((y - segment.rowsY) / cellHeight);
        const inside = column >= 0 && column < columns && row >= 0 && row < segment.rows;
        const cell = (segment.rowsBefore + clamp(row, 0, segment.rows - 1)) * columns + clamp(column, 0, columns - 1);
        return { cell, inside };
    }

    cellOf(gfn: number): number {
        const segment = this.segments[this.segmentAt('start', gfn)];
        if (segment === undefined) return 0;
        const within = Math.floor((gfn - segment.start) / this.grid.cellPages);
        return segment.rowsBefore * this.grid.columns + clamp(within, 0, segment.rows * this.grid.columns - 1);
    }

    extentOf(cell: number): Extent {
        const { columns, cellPages } = this.grid;
        const segment = this.segments[this.segmentAt('rowsBefore', Math.floor(cell / columns))];
        const start = segment === undefined ? 0 : segment.start + (cell - segment.rowsBefore * columns) * cellPages;
        return { start, end: start + cellPages };
    }

    placeOf(cell: number): { x: number; y: number } {
        const { columns, cellWidth, cellHeight } = this.grid;
        const row = Math.floor(cell / columns);
        const segment = this.segments[this.segmentAt('rowsBefore', row)];
        const y = segment === undefined ? 0 : segment.rowsY + (row - segment.rowsBefore) * cellHeight;
        return { x: (cell % columns) * cellWidth, y };
    }

    /** Index of the last segment whose `key` is not above `value`; of the first one when there is none. */
    private segmentAt(key: 'y' | 'start' | 'rowsBefore', value: number): number {
        return lastNotAbove(this.segments, (segment) => segment[key], value);
    }
}

/** Extents that share rows, or whose rows follow each other, become one block; `gap` is what lies before it. */
function makeBlocks(rowPages: number, extents: readonly Extent[]): { first: number; end: number; gap: Extent | null }[] {
    const blocks: { first: number; end: number; gap: Extent | null }[] = [];
    let occupiedUntil = 0;
    for (const { start, end } of extents) {
        const first = Math.floor(start / rowPages);
        const endRow = Math.ceil(end / rowPages);
        const last = blocks.at(-1);
        if (first > (last?.end ?? 0)) blocks.push({ first, end: endRow, gap: { start: occupiedUntil, end: start } });
        else if (last === undefined) blocks.push({ first, end: endRow, gap: null });
        else last.end = Math.max(last.end, endRow);
        occupiedUntil = end;
    }
    return blocks;
}

function makeSegments(grid: Grid, rowPages: number, extents: readonly Extent[], slots: readonly Extent[]): Segment[] {
    const labelRows = [...new Set(slots.map((slot) => Math.floor(slot.start / rowPages)))];
    const segments: Segment[] = [];
    let y = 0;
    let rowsBefore = 0;
    let nextLabel = 0;
    for (const block of makeBlocks(rowPages, extents)) {
        let gap = block.gap;
        for (let row = block.first; row < block.end; ) {
            const labelled = labelRows[nextLabel] === row;
            if (labelled) nextLabel++;
            const end = Math.min(labelRows[nextLabel] ?? Infinity, block.end);
            const rowsY = y + (gap === null ? 0 : grid.stripHeight) + (labelled ? grid.stripHeight : 0);
            segments.push({ start: row * rowPages, end: end * rowPages, y, rowsY, rowsBefore, rows: end - row, gap, labelled });
            y = rowsY + (end - row) * grid.cellHeight;
            rowsBefore += end - row;
            row = end;
            gap = null;
        }
    }
    return segments;
}
