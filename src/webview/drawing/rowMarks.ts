/** The selection in the layout in rows, as one outlined shape. */
import type { Extent } from '../../common/openedMap';
import type { RowFrame } from './frame';
import type { Row } from '../layout/rowLayout';

/** Selected cells of a row: [from, to) in columns; empty when from = to. */
interface Span {
    readonly from: number;
    readonly to: number;
}

/** Fills the selected cells and draws their outline: an edge wherever the neighbour is not selected. */
export function drawRowSelection(context: CanvasRenderingContext2D, frame: RowFrame, rows: readonly Row[], selection: Extent): void {
    const { layout, margins, box, viewport, palette } = frame;
    const { columns, cellPages, cellWidth, cellHeight } = layout.grid;
    const whole = (cssPixels: number) => Math.round(cssPixels * viewport.ratio);
    const spanOf = (start: number): Span => {
        const column = (gfn: number) => Math.min(Math.max((gfn - start) / cellPages, 0), columns);
        return { from: Math.floor(column(selection.start)), to: Math.ceil(column(selection.end)) };
    };
    const line = Math.max(1, whole(2));
    const none: Span = { from: 0, to: 0 };
    for (const row of rows) {
        const span = spanOf(row.start);
        if (span.from >= span.to) continue;
        // Rows that a strip parts have edges of their own.
        const above = row.firstOfSegment ? none : spanOf(row.start - layout.rowPages);
        const isLast = row.start + layout.rowPages >= row.segment.end;
        const below = isLast ? none : spanOf(row.start + layout.rowPages);
        const x = (column: number) => whole(margins.left + column * cellWidth);
        const y = whole(margins.top + row.y - box.top);
        const height = whole(cellHeight);
        context.globalAlpha = 0.12;
        context.fillStyle = palette.foreground;
        context.fillRect(x(span.from), y, x(span.to) - x(span.from), height);
        context.globalAlpha = 1;
        context.fillRect(x(span.from) - line, y, line, height);
        context.fillRect(x(span.to), y, line, height);
        for (const [from, to] of outsideOf(span, above)) context.fillRect(x(from) - line, y - line, x(to) - x(from) + 2 * line, line);
        for (const [from, to] of outsideOf(span, below)) context.fillRect(x(from) - line, y + height, x(to) - x(from) + 2 * line, line);
    }
}

/** The parts of `span` that `other` does not cover. */
function outsideOf(span: Span, other: Span): [number, number][] {
    if (other.from >= other.to) return [[span.from, span.to]];
    const parts: [number, number][] = [
        [span.from, Math.min(span.to, other.from)],
        [Math.max(span.from, other.to), span.to],
    ];
    return parts.filter(([from, to]) => from < to);
}
