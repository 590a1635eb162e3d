/**
 * Draws the map on two 2D canvases: the pages below, and over them what moves with the pointer, so that a hover costs
 * nothing. Cells are copied pixel by pixel into one image; the work of a frame depends on the cells in sight only.
 */
import { CellAtlas } from './cellAtlas';
import { makeCellMix, mixCell } from './cellMix';
import { element } from './dom';
import { drawRulers, drawStrips } from './labels';
import { drawCellOutline, drawSelection } from './marks';
import { classCount, type PageClass } from './pageClass';
import type { Frame, MapRenderer, Marks } from './renderer';

export class CanvasRenderer implements MapRenderer {
    private readonly pages = emptyCanvas('pages');
    private readonly marks = emptyCanvas('marks');
    readonly elements = [this.pages, this.marks];
    private readonly pagesContext = contextOf(this.pages, { alpha: false, willReadFrequently: true });
    private readonly marksContext = contextOf(this.marks, {});
    private image = new ImageData(1, 1);
    private atlas: CellAtlas | null = null;
    /** What the atlas was drawn for. */
    private atlasKey = '';
    private counts = new Float64Array(0);
    private readonly mix = makeCellMix();

    drawPages(frame: Frame): void {
        const { pages, pagesContext: context } = this;
        resize(pages, frame);
        if (this.image.width !== pages.width || this.image.height !== pages.height) this.image = new ImageData(pages.width, pages.height);
        const pixels = new Uint32Array(this.image.data.buffer);
        const atlas = this.atlasFor(frame);
        pixels.fill(atlas.background);
        const { layout, top, viewport, margins } = frame;
        const { columns, cellPages } = layout.grid;
        if (this.counts.length !== columns * classCount) this.counts = new Float64Array(columns * classCount);
        const rows = [...layout.rowsBetween(top, top + viewport.height)];
        for (const row of rows) {
            frame.model.index.countCells(row.start, cellPages, columns, this.counts);
            this.copyRow(pixels, frame, atlas, Math.round((margins.top + row.y - top) * viewport.ratio));
        }
        context.putImageData(this.image, 0, 0);
        for (const row of rows) drawStrips(context, frame, row);
        drawRulers(context, frame, rows);
    }

    drawMarks(frame: Frame, marks: Marks): void {
        const { marks: canvas, marksContext: context } = this;
        resize(canvas, frame);
        context.clearRect(0, 0, canvas.width, canvas.height);
        const { layout, top, viewport, margins, palette } = frame;
        context.save();
        context.beginPath();
        context.rect(0, margins.top * viewport.ratio, canvas.width, canvas.height);
        context.clip();
        if (marks.selection !== null) {
            drawSelection(context, frame, [...layout.rowsBetween(top, top + viewport.height)], marks.selection);
        }
        if (marks.hover !== null) drawCellOutline(context, frame, marks.hover, palette.foreground, 1);
        if (marks.cursor !== null) {
            drawCellOutline(context, frame, marks.cursor, marks.focused ? palette.focus : palette.muted, marks.focused ? 2 : 1);
        }
        context.restore();
    }

    /** Copies the cells of one row, whose counts are in `counts`, to the lines of pixels from `y` on. */
    private copyRow(pixels: Uint32Array, frame: Frame, atlas: CellAtlas, y: number): void {
        const { layout, viewport, margins } = frame;
        const { columns, cellPages, cellWidth } = layout.grid;
        const left = Math.round(margins.left * viewport.ratio);
        const step = Math.round(cellWidth * viewport.ratio);
        const { mix, counts, image } = this;
        const firstLine = Math.max(0, -y);
        const endLine = Math.min(atlas.height, image.height - y);
        for (let column = 0; column < columns; column++) {
            mixCell(counts, column * classCount, cellPages, atlas.width, mix);
            let x = left + column * step;
            for (let tile = 0; tile < mix.length; tile++) {
                const width = mix[tile] ?? 0;
                if (width === 0) continue;
                for (let line = firstLine; line < endLine; line++) {
                    const from = line * atlas.stride + tile * atlas.width;
                    const to = (y + line) * image.width + x;
                    for (let i = 0; i < width; i++) pixels[to + i] = atlas.pixels[from + i] ?? 0;
                }
                x += width;
            }
        }
    }

    private atlasFor({ layout, viewport, palette, highlight }: Frame): CellAtlas {
        const gap = Math.max(1, Math.round(viewport.ratio));
        const width = Math.round(layout.grid.cellWidth * viewport.ratio) - gap;
        const height = Math.round(layout.grid.cellHeight * viewport.ratio) - gap;
        const key = [width, height, palette.background, ...Object.values(palette.map), ...highlight].join();
        if (this.atlas === null || key !== this.atlasKey) {
            const isFaded = (pageClass: PageClass) => highlight.size > 0 && !highlight.has(pageClass);
            this.atlas = new CellAtlas(palette, width, height, isFaded);
            this.atlasKey = key;
        }
        return this.atlas;
    }
}

/** Without size until the first drawing: an opaque canvas is black before. */
function emptyCanvas(className: string): HTMLCanvasElement {
    const canvas = element('canvas', className);
    canvas.width = 0;
    canvas.height = 0;
    return canvas;
}

function contextOf(canvas: HTMLCanvasElement, settings: CanvasRenderingContext2DSettings): CanvasRenderingContext2D {
    const context = canvas.getContext('2d', settings);
    if (context === null) throw new Error('The page map could not be drawn: this window gave no 2D canvas.');
    return context;
}

/** Fits a canvas to the panel, in device pixels. Setting a size wipes a canvas and is slow, so only when it changed. */
function resize(canvas: HTMLCanvasElement, { viewport, margins }: Frame): void {
    const width = Math.round((viewport.width + margins.left) * viewport.ratio);
    const height = Math.round((viewport.height + margins.top) * viewport.ratio);
    if (canvas.width === width && canvas.height === height) return;
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${width / viewport.ratio}px`;
    canvas.style.height = `${height / viewport.ratio}px`;
}
