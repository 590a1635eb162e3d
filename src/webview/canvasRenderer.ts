/**
 * Draws the map on two 2D canvases: the pages below, and over them what moves with the pointer, so that a hover costs
 * nothing. All drawing is in whole device pixels; the work of a frame depends on the cells in sight only.
 */
import { CellAtlas } from './cellTile';
import { holeIndex, makeCellMix, mixCell } from './cellMix';
import { element } from './dom';
import { drawRulers, drawStrips } from './labels';
import { drawCellOutline, drawSelection } from './marks';
import { classCount, type PageClass } from './pageClass';
import type { Frame, MapRenderer, Marks } from './renderer';

export class CanvasRenderer implements MapRenderer {
    private readonly pages = element('canvas', 'pages');
    private readonly marks = element('canvas', 'marks');
    readonly elements = [this.pages, this.marks];
    private atlas: CellAtlas | null = null;
    /** What the atlas was drawn for. */
    private atlasKey = '';
    private counts = new Float64Array(0);
    private readonly mix = makeCellMix();

    drawPages(frame: Frame): void {
        const context = prepare(this.pages, frame);
        const atlas = this.atlasFor(frame);
        const { layout, top, viewport, margins } = frame;
        const { columns, cellPages } = layout.grid;
        if (this.counts.length !== columns * classCount) this.counts = new Float64Array(columns * classCount);
        const rows = [...layout.rowsBetween(top, top + viewport.height)];
        for (const row of rows) {
            frame.model.index.countCells(row.start, cellPages, columns, this.counts);
            this.drawRow(context, frame, atlas, Math.round((margins.top + row.y - top) * viewport.ratio));
            drawStrips(context, frame, row);
        }
        drawRulers(context, frame, rows);
    }

    drawMarks(frame: Frame, marks: Marks): void {
        const context = prepare(this.marks, frame);
        const { layout, top, viewport, margins, palette } = frame;
        context.beginPath();
        context.rect(0, margins.top * viewport.ratio, this.marks.width, this.marks.height);
        context.clip();
        if (marks.selection !== null) {
            drawSelection(context, frame, [...layout.rowsBetween(top, top + viewport.height)], marks.selection);
        }
        if (marks.hover !== null) drawCellOutline(context, frame, marks.hover, palette.foreground, 1);
        if (marks.cursor !== null) {
            drawCellOutline(context, frame, marks.cursor, marks.focused ? palette.focus : palette.muted, marks.focused ? 2 : 1);
        }
    }

    private drawRow(context: CanvasRenderingContext2D, frame: Frame, atlas: CellAtlas, y: number): void {
        const { layout, viewport, margins, palette } = frame;
        const { columns, cellPages, cellWidth } = layout.grid;
        const left = Math.round(margins.left * viewport.ratio);
        const step = Math.round(cellWidth * viewport.ratio);
        const { mix, counts } = this;
        context.fillStyle = palette.map.hole;
        for (let column = 0; column < columns; column++) {
            mixCell(counts, column * classCount, cellPages, atlas.width, mix);
            let x = left + column * step;
            for (let pageClass: PageClass = 0; pageClass < classCount; pageClass++) {
                const width = mix[pageClass] ?? 0;
                if (width === 0) continue;
                const from = pageClass * atlas.width;
                context.drawImage(atlas.image, from, 0, width, atlas.height, x, y, width, atlas.height);
                x += width;
            }
            const hole = mix[holeIndex] ?? 0;
            if (hole > 0) context.fillRect(x, y, hole, atlas.height);
        }
    }

    private atlasFor({ layout, viewport, palette, highlight }: Frame): CellAtlas {
        const gap = Math.max(1, Math.round(viewport.ratio));
        const width = Math.round(layout.grid.cellWidth * viewport.ratio) - gap;
        const height = Math.round(layout.grid.cellHeight * viewport.ratio) - gap;
        const key = [width, height, ...Object.values(palette.map), ...highlight].join();
        if (this.atlas === null || key !== this.atlasKey) {
            this.atlas?.image.close();
            const isFaded = (pageClass: PageClass) => highlight.size > 0 && !highlight.has(pageClass);
            this.atlas = new CellAtlas(palette, classCount, width, height, isFaded);
            this.atlasKey = key;
        }
        return this.atlas;
    }
}

/** Sizes a canvas to the panel, in device pixels, and wipes it. */
function prepare(canvas: HTMLCanvasElement, { viewport, margins }: Frame): CanvasRenderingContext2D {
    const width = Math.round((viewport.width + margins.left) * viewport.ratio);
    const height = Math.round((viewport.height + margins.top) * viewport.ratio);
    // Setting a canvas's size wipes it, and resets its context.
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${width / viewport.ratio}px`;
    canvas.style.height = `${height / viewport.ratio}px`;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('The page map could not be drawn: this window gave no 2D canvas.');
    return context;
}
