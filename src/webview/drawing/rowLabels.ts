/** The text on the map: the rulers, the label of each memslot where it starts, and the gaps between memslots. */
import type { Extent } from '../../common/openedMap';
import { rangeOf, sizeOf, toGpa } from '../controls/describe';
import type { Row } from '../layout/rowLayout';
import { slotsIn } from '../tiles/mapModel';
import { Pen } from './pen';
import type { RowFrame } from './frame';
import { labelTexts, placeLabels, type LabelGroup } from './slotLabels';

/** Labels on the ruler are at least this far apart, in CSS pixels. */
const closestRows = 16;
const closestColumns = 90;

/** The strips above the first row of a segment, and a line where a memslot starts. */
export function drawStrips(context: CanvasRenderingContext2D, frame: RowFrame, row: Row): void {
    const { segment } = row;
    if (!row.firstOfSegment) return;
    if (segment.gap !== null) drawGap(context, frame, segment.gap, frame.margins.top + segment.y - frame.box.top);
    if (segment.labelled) drawSlotStarts(context, frame, row);
}

function drawGap(context: CanvasRenderingContext2D, frame: RowFrame, gap: Extent, y: number): void {
    const { palette, margins, viewport, layout } = frame;
    const pen = new Pen(context, viewport.ratio, palette.font);
    const middle = y + layout.grid.stripHeight / 2;
    const text = `${rangeOf(gap)}: ${sizeOf(gap.end - gap.start)} without memslot`;
    const width = pen.widthOf(text);
    const right = margins.left + layout.grid.columns * layout.grid.cellWidth;
    const x = (margins.left + right - width) / 2;
    for (let dot = margins.left; dot < right - 4; dot += 8) {
        if (dot < x - 12 || dot > x + width + 8) pen.box(dot, middle, 3, 1, palette.muted);
    }
    pen.text(text, x, middle, palette.muted);
}

function drawSlotStarts(context: CanvasRenderingContext2D, frame: RowFrame, row: Row): void {
    const { layout, model, margins, palette, viewport } = frame;
    const { cellPages, cellWidth, cellHeight, stripHeight } = layout.grid;
    const pen = new Pen(context, viewport.ratio, palette.font);
    const groups: (LabelGroup & { slots: LabelGroup['slots'][number][] })[] = [];
    for (const slot of slotsIn(model, row.start, row.start + layout.rowPages)) {
        if (slot.start < row.start) continue;
        const x = margins.left + Math.floor((slot.start - row.start) / cellPages) * cellWidth;
        const last = groups.at(-1);
        if (last?.x === x) last.slots.push(slot);
        else groups.push({ x, slots: [slot] });
    }
    const y = margins.top + row.y - frame.box.top;
    const right = margins.left + layout.grid.columns * cellWidth;
    for (const { x } of groups) pen.box(x - 1, y - 3, 1, cellHeight + 2, palette.foreground);
    for (const { text, x } of placeLabels(groups, margins.left, right, (label) => pen.widthOf(label))) {
        pen.text(text, x, y - stripHeight / 2, palette.foreground);
    }
}

/** Offsets within a row above, addresses of rows at the left, and the memslot at the top when its label is out of sight. */
export function drawRulers(context: CanvasRenderingContext2D, frame: RowFrame, rows: readonly Row[]): void {
    const { layout, margins, palette, viewport } = frame;
    const { columns, cellPages, cellWidth, cellHeight, stripHeight } = layout.grid;
    const pen = new Pen(context, viewport.ratio, palette.addressFont);
    const rowStep = powerOfTwoAtLeast(closestRows / cellHeight);
    let lastY = -Infinity;
    for (const row of rows) {
        const middle = margins.top + row.y - frame.box.top + cellHeight / 2;
        const isRound = (row.start / layout.rowPages) % rowStep === 0;
        // One that the ruler above would cut is left out.
        if ((!isRound && !row.firstOfSegment) || middle - lastY < closestRows - 2 || middle < margins.top + closestRows / 4) continue;
        pen.text(toGpa(row.start), margins.left - 8, middle, palette.muted, 'right');
        lastY = middle;
    }
    pen.box(0, 0, margins.left + viewport.width, margins.top, palette.background);
    const columnStep = powerOfTwoAtLeast(closestColumns / cellWidth);
    for (let column = 0; column < columns; column += columnStep) {
        pen.text(`+${toGpa(column * cellPages)}`, margins.left + column * cellWidth, margins.top / 2, palette.muted);
    }
    const [first] = rows;
    if (first !== undefined && !isLabelInSight(frame, first)) {
        const label = labelTexts(slotsIn(frame.model, first.start, first.start + layout.rowPages)).at(-1) ?? '';
        if (label === '') return;
        const text = new Pen(context, viewport.ratio, palette.font);
        text.box(margins.left, margins.top, viewport.width, stripHeight, palette.background);
        text.text(label, margins.left, margins.top + stripHeight / 2, palette.foreground);
    }
}

function isLabelInSight(frame: RowFrame, { segment }: Row): boolean {
    return segment.labelled && segment.rowsY - frame.layout.grid.stripHeight >= frame.box.top;
}

function powerOfTwoAtLeast(value: number): number {
    return 2 ** Math.max(0, Math.ceil(Math.log2(value)));
}
