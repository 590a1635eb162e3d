/** What lies over the cells of the Hilbert layout: where memslots meet and what they are called, and the selection. */
import type { Extent } from '../../common/openedMap';
import { devicePixels, type HilbertFrame } from './frame';
import { labelTexts } from './slotLabels';
import { clamp } from '../layout/cellNumbers';
import { firstEndingAfter } from '../tiles/mapModel';
import { Pen } from './pen';

/** The cells in sight, line by line; -1 where there is none. */
interface CellsInSight {
    readonly column: number;
    readonly row: number;
    readonly columns: number;
    readonly rows: number;
    readonly cells: Float64Array;
}

/** Those of the frame before: what moves with the pointer is drawn over the same cells. */
let latest: { readonly layout: HilbertFrame['layout']; readonly box: HilbertFrame['box']; readonly sight: CellsInSight } | null = null;

function cellsInSight({ layout, box }: HilbertFrame): CellsInSight {
    const isSame = latest?.layout === layout && latest.box.left === box.left && latest.box.top === box.top && latest.box.right === box.right && latest.box.bottom === box.bottom;
    if (latest === null || !isSame) latest = { layout, box, sight: findCells(layout, box) };
    return latest.sight;
}

function findCells(layout: HilbertFrame['layout'], box: HilbertFrame['box']): CellsInSight {
    const { cellWidth: size, width, height } = layout;
    const column = Math.max(0, Math.floor(box.left / size));
    const row = Math.max(0, Math.floor(box.top / size));
    const columns = Math.max(0, Math.ceil(Math.min(box.right, width) / size) - column);
    const rows = Math.max(0, Math.ceil(Math.min(box.bottom, height) / size) - row);
    const cells = new Float64Array(columns * rows);
    for (let i = 0; i < cells.length; i++) {
        const at = layout.cellAt((column + (i % columns) + 0.5) * size, (row + Math.floor(i / columns) + 0.5) * size);
        cells[i] = at?.inside === true ? at.cell : -1;
    }
    return { column, row, columns, rows, cells };
}

/** Calls `draw` with each edge between cells of different `values`, in device pixels of the canvas; thin boxes of `line`. */
function forEachEdge(frame: HilbertFrame, sight: CellsInSight, values: ArrayLike<number>, line: number, draw: (x: number, y: number, width: number, height: number) => void): void {
    const { columns, rows } = sight;
    const at = (column: number, row: number) => (column < 0 || row < 0 || column >= columns || row >= rows ? undefined : values[row * columns + column]);
    const { x, y } = placesOf(frame, sight);
    const half = Math.floor(line / 2);
    for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
            const value = at(column, row);
            const right = at(column + 1, row);
            const below = at(column, row + 1);
            if (right !== undefined && right !== value) draw(x(column + 1) - 1 - half, y(row) - line, line, y(row + 1) - y(row) + line);
            if (below !== undefined && below !== value) draw(x(column) - line, y(row + 1) - 1 - half, x(column + 1) - x(column) + line, line);
        }
    }
}

function placesOf(frame: HilbertFrame, { column, row }: CellsInSight): { readonly x: (column: number) => number; readonly y: (row: number) => number } {
    const { layout, margins, box } = frame;
    return {
        x: (offset) => devicePixels(frame, margins.left + (column + offset) * layout.cellWidth - box.left),
        y: (offset) => devicePixels(frame, margins.top + (row + offset) * layout.cellHeight - box.top),
    };
}

export function drawHilbertSelection(context: CanvasRenderingContext2D, frame: HilbertFrame, selection: Extent): void {
    const sight = cellsInSight(frame);
    const first = frame.layout.cellOf(selection.start);
    const last = frame.layout.cellOf(selection.end - 1);
    const chosen = Uint8Array.from(sight.cells, (cell) => (cell >= first && cell <= last ? 1 : 0));
    const { x, y } = placesOf(frame, sight);
    context.fillStyle = frame.palette.foreground;
    context.globalAlpha = 0.12;
    chosen.forEach((is, i) => {
        const [column, row] = [i % sight.columns, Math.floor(i / sight.columns)];
        if (is === 1) context.fillRect(x(column), y(row), x(column + 1) - x(column), y(row + 1) - y(row));
    });
    context.globalAlpha = 1;
    forEachEdge(frame, sight, chosen, Math.max(1, devicePixels(frame, 2)), (...box) => context.fillRect(...box));
}

/** A line where one memslot ends and another begins, and each memslot's label where it starts and there is room. */
export function drawSlotBorders(context: CanvasRenderingContext2D, frame: HilbertFrame): void {
    const { layout, model, palette, viewport, margins, box } = frame;
    const { slots } = model;
    const sight = cellsInSight(frame);
    const counts = new Map<number, number>();
    const owners = Int32Array.from(sight.cells, (cell) => {
        if (cell < 0) return -1;
        const { start, end } = layout.extentOf(cell);
        const slot = firstEndingAfter(slots, start);
        const owner = (slots[slot]?.start ?? Infinity) < end ? slot : -1;
        counts.set(owner, (counts.get(owner) ?? 0) + 1);
        return owner;
    });
    context.fillStyle = palette.foreground;
    forEachEdge(frame, sight, owners, Math.max(1, devicePixels(frame, 1)), (...edge) => context.fillRect(...edge));
    const pen = new Pen(context, viewport.ratio, palette.font);
    for (const [owner, count] of counts) {
        const slot = slots[owner];
        if (slot === undefined) continue;
        const place = layout.placeOf(layout.cellOf(slot.start));
        const room = Math.sqrt(count) * layout.cellWidth;
        const text = labelTexts([slot]).findLast((one) => pen.widthOf(one) + 8 <= room);
        if (text === undefined || room < 60) continue;
        const width = pen.widthOf(text) + 8;
        const x = clamp(margins.left + place.x - box.left, margins.left, Math.max(margins.left, margins.left + viewport.width - width));
        const y = clamp(margins.top + place.y - box.top, margins.top, margins.top + viewport.height - labelHeight);
        pen.box(x, y, width, labelHeight, palette.background);
        pen.text(text, x + 4, y + labelHeight / 2, palette.foreground);
    }
}

const labelHeight = 16;
