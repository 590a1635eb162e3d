/**
 * The whole address space as one strip above the map, gaps left out, with the part in sight marked; a press or a drag
 * leads there. It is hidden from screen readers, for which the cursor's keys and "Go to" do the same.
 */
import type { Extent } from '../../common/openedMap';
import { tileCells } from '../../common/mapTiles';
import { contextOf, emptyCanvas } from '../drawing/canvas';
import { holeClass, makeCellMix, mixCell, nothingClass } from '../drawing/cellMix';
import { element } from '../dom';
import { lastNotAbove } from '../layout/cellNumbers';
import type { MapModel } from '../tiles/mapModel';
import type { Palette } from '../drawing/palette';
import { tileCellOf, type TileCache } from '../tiles/tileCache';

/** In CSS pixels. */
const height = 14;
const fadedAlpha = 0.2;

/** Cells that follow each other, counted from gfn 0: [start, end). */
interface Stretch {
    readonly start: number;
    readonly end: number;
    /** Cells of the stretches before it. */
    readonly before: number;
}

interface Strip {
    readonly level: number;
    readonly stretches: readonly Stretch[];
    readonly cells: number;
}

/** The lowest level at which all occupied cells fit into so many. */
function makeStrip(extents: readonly Extent[], mostCells: number): Strip {
    for (let level = 0; ; level++) {
        const stretches: { start: number; end: number; before: number }[] = [];
        let cells = 0;
        for (const extent of extents) {
            const last = stretches.at(-1);
            const start = Math.max(last?.end ?? 0, Math.floor(extent.start / 2 ** level));
            const end = Math.ceil(extent.end / 2 ** level);
            if (end <= start) continue;
            if (last?.end === start) last.end = end;
            else stretches.push({ start, end, before: cells });
            cells += end - start;
        }
        if (cells <= mostCells) return { level, stretches, cells };
    }
}

export class Minimap {
    private readonly canvas = emptyCanvas('strip');
    private readonly context = contextOf(this.canvas, { alpha: false });
    readonly element = element('div', 'minimap', this.canvas);
    private readonly mix = makeCellMix();
    private strip: Strip | null = null;
    /** What the strip was made for. */
    private extents: readonly Extent[] | null = null;
    private width = 0;

    constructor(
        private readonly tiles: TileCache,
        onMove: (gfn: number) => void,
    ) {
        this.element.setAttribute('aria-hidden', 'true');
        const lead = (event: PointerEvent) => {
            const gfn = this.gfnAt(event.clientX - this.canvas.getBoundingClientRect().left);
            if (gfn !== null) onMove(gfn);
        };
        this.canvas.addEventListener('pointerdown', (event) => {
            if (event.button !== 0) return;
            this.canvas.setPointerCapture(event.pointerId);
            lead(event);
        });
        this.canvas.addEventListener('pointermove', (event) => {
            if (this.canvas.hasPointerCapture(event.pointerId)) lead(event);
        });
    }

    draw(model: MapModel, palette: Palette, highlight: ReadonlySet<number>, inSight: readonly Extent[]): void {
        const strip = this.fit(model);
        if (strip === null) return;
        const { context, canvas } = this;
        context.fillStyle = palette.background;
        context.fillRect(0, 0, canvas.width, canvas.height);
        for (const stretch of strip.stretches) {
            for (let cell = stretch.start; cell < stretch.end; cell++) this.drawCell(model, palette, highlight, strip, cell, stretch.before + cell - stretch.start);
        }
        context.globalAlpha = 1;
        this.drawSight(palette, strip, inSight);
    }

    /** Asks for the tiles that it is drawn from. */
    request(model: MapModel): void {
        const strip = this.fit(model);
        if (strip === null) return;
        const { level, stretches } = strip;
        const wanted = new Set<number>();
        for (const { start, end } of stretches) {
            for (let tile = Math.floor(start / tileCells); tile * tileCells < end; tile++) wanted.add(tile);
        }
        this.tiles.request(model.layer.id, level, wanted);
    }

    private fit({ extents }: MapModel): Strip | null {
        const width = Math.round(this.element.clientWidth * devicePixelRatio);
        if (width === 0) return null;
        const tall = Math.round(height * devicePixelRatio);
        if (this.strip === null || this.extents !== extents || this.width !== width || this.canvas.height !== tall) {
            this.strip = makeStrip(extents, width);
            this.extents = extents;
            this.width = width;
            this.canvas.width = width;
            this.canvas.height = tall;
            this.canvas.style.width = `${width / devicePixelRatio}px`;
            this.canvas.style.height = `${tall / devicePixelRatio}px`;
        }
        return this.strip;
    }

    /** A cell is a column that its classes share from top to bottom. */
    private drawCell({ layer }: MapModel, palette: Palette, highlight: ReadonlySet<number>, strip: Strip, cell: number, place: number): void {
        const at = tileCellOf(strip.level, cell * 2 ** strip.level);
        const tile = this.tiles.shown(layer.id, strip.level, at.index);
        if (tile === null) return;
        const { mix, context, canvas } = this;
        mixCell(tile, at.cell, canvas.height, mix);
        const x = this.columnOf(strip, place);
        const width = this.columnOf(strip, place + 1) - x;
        let y = 0;
        for (let part = 0; part < mix.parts; part++) {
            const mapClass = mix.classes[part] ?? nothingClass;
            const tall = mix.widths[part] ?? 0;
            const fill = mapClass === holeClass ? 'hole' : layer.classes[mapClass]?.fill;
            if (fill !== undefined) {
                context.globalAlpha = highlight.size > 0 && !highlight.has(mapClass) ? fadedAlpha : 1;
                context.fillStyle = palette.map[fill];
                context.fillRect(x, y, width, tall);
            }
            y += tall;
        }
    }

    private drawSight({ foreground, background }: Palette, strip: Strip, inSight: readonly Extent[]): void {
        const { context, canvas } = this;
        const line = Math.max(1, Math.round(devicePixelRatio * 1.5));
        const spans = joinSpans(inSight.map(({ start, end }) => [this.columnOf(strip, this.placeOf(strip, start)), this.columnOf(strip, this.placeOf(strip, end - 1) + 1)] as const));
        for (const [from, to] of spans) {
            // Light on dark and dark on light, whatever the classes' colours are.
            for (const [color, inset] of [[foreground, 0], [background, line]] as const) {
                context.strokeStyle = color;
                context.lineWidth = line;
                const edge = inset + line / 2;
                context.strokeRect(from + edge, edge, Math.max(line, to - from - 2 * edge), canvas.height - 2 * edge);
            }
        }
    }

    private columnOf(strip: Strip, place: number): number {
        return Math.round((place * this.canvas.width) / strip.cells);
    }

    private placeOf({ level, stretches }: Strip, gfn: number): number {
        const cell = Math.floor(gfn / 2 ** level);
        const stretch = stretches[lastNotAbove(stretches, ({ start }) => start, cell)];
        return stretch === undefined ? 0 : stretch.before + Math.min(Math.max(cell, stretch.start), stretch.end - 1) - stretch.start;
    }

    private gfnAt(x: number): number | null {
        if (this.strip === null || this.strip.cells === 0) return null;
        const { level, stretches, cells } = this.strip;
        const place = Math.min(Math.max(Math.floor((x * devicePixelRatio * cells) / this.canvas.width), 0), cells - 1);
        const stretch = stretches[lastNotAbove(stretches, ({ before }) => before, place)];
        return stretch === undefined ? null : (stretch.start + place - stretch.before) * 2 ** level;
    }
}

/** Spans that touch become one. */
function joinSpans(spans: readonly (readonly [number, number])[]): [number, number][] {
    const joined: [number, number][] = [];
    for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
        const last = joined.at(-1);
        if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
        else joined.push([from, to]);
    }
    return joined;
}
