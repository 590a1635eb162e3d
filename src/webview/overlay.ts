/** What lies over the cells: rulers, labels, and the marks that move with pointer and keyboard. */
import { contextOf, devicePixels, emptyCanvas, fitCanvas } from './canvas';
import { drawRulers, drawStrips } from './labels';
import { drawCellOutline, drawSelection } from './marks';
import type { Frame, Marks } from './renderer';

export class Overlay {
    readonly element = emptyCanvas('marks');
    private readonly context = contextOf(this.element, {});

    draw(frame: Frame, marks: Marks): void {
        const { context, element: canvas } = this;
        fitCanvas(canvas, frame);
        context.clearRect(0, 0, canvas.width, canvas.height);
        const { layout, top, viewport, margins, palette } = frame;
        const rows = [...layout.rowsBetween(top, top + viewport.height)];
        for (const row of rows) drawStrips(context, frame, row);
        drawRulers(context, frame, rows);
        context.save();
        context.beginPath();
        context.rect(0, devicePixels(frame, margins.top), canvas.width, canvas.height);
        context.clip();
        if (marks.selection !== null) drawSelection(context, frame, rows, marks.selection);
        if (marks.hover !== null) drawCellOutline(context, frame, marks.hover, palette.foreground, 1);
        if (marks.cursor !== null) {
            drawCellOutline(context, frame, marks.cursor, marks.focused ? palette.focus : palette.muted, marks.focused ? 2 : 1);
        }
        context.restore();
    }
}
