/** What lies over the cells: rulers, labels, and the marks that move with pointer and keyboard. */
import type { Extent } from '../../common/openedMap';
import { drawChanges } from './changeMarks';
import { contextOf, emptyCanvas, fitCanvas } from './canvas';
import { devicePixels, type Frame } from './frame';
import { drawHilbertSelection, drawSlotBorders } from './hilbertMarks';
import type { Marks } from './renderer';
import { drawRulers, drawStrips } from './rowLabels';
import { drawRowSelection } from './rowMarks';

export class Overlay {
    readonly element = emptyCanvas('marks');
    private readonly context = contextOf(this.element, {});

    draw(frame: Frame, { selection, hover, cursor, focused, changed }: Marks): void {
        const { context, element: canvas } = this;
        fitCanvas(canvas, frame);
        context.clearRect(0, 0, canvas.width, canvas.height);
        const { layout, box, margins, palette } = frame;
        const clip = () => {
            context.save();
            context.beginPath();
            context.rect(0, devicePixels(frame, margins.top), canvas.width, canvas.height);
            context.clip();
        };
        if (layout.kind === 'rows') {
            const rows = [...layout.rowsBetween(box.top, box.bottom)];
            for (const row of rows) drawStrips(context, { ...frame, layout }, row);
            drawRulers(context, { ...frame, layout }, rows);
            clip();
            drawChanges(context, frame, changed);
            if (selection !== null) drawRowSelection(context, { ...frame, layout }, rows, selection);
        } else {
            clip();
            drawChanges(context, frame, changed);
            drawSlotBorders(context, { ...frame, layout });
            if (selection !== null) drawHilbertSelection(context, { ...frame, layout }, selection);
        }
        if (hover !== null) drawCellOutline(context, frame, hover, palette.foreground, 1);
        if (cursor !== null) drawCellOutline(context, frame, cursor, focused ? palette.focus : palette.muted, focused ? 2 : 1);
        context.restore();
    }
}

function drawCellOutline(context: CanvasRenderingContext2D, frame: Frame, extent: Extent, color: string, width: number): void {
    const { layout, margins, box } = frame;
    const place = layout.placeOf(layout.cellOf(extent.start));
    const line = Math.max(1, devicePixels(frame, width));
    const gap = devicePixels(frame, 1);
    context.strokeStyle = color;
    context.lineWidth = line;
    context.strokeRect(
        devicePixels(frame, margins.left + place.x - box.left) - line / 2,
        devicePixels(frame, margins.top + place.y - box.top) - line / 2,
        devicePixels(frame, layout.cellWidth) - gap + line,
        devicePixels(frame, layout.cellHeight) - gap + line,
    );
}
