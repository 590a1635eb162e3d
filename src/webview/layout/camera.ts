/** Which part of the map is in sight, and how large: layout, level and scroll position. */
import type { Extent } from '../../common/openedMap';
import { toGpa } from '../controls/describe';
import { makeChunks, type Chunks } from './hilbertLayout';
import * as hilbertZoom from './hilbertZoom';
import type { Box, LayoutKind, Viewport } from './layout';
import type { Layout } from './layouts';
import { slotsIn, type MapModel } from '../tiles/mapModel';
import type { Margins } from '../drawing/frame';
import { RowLayout } from './rowLayout';
import * as rowZoom from './rowZoom';
import { ScrollArea } from './scrollArea';

const topMargin = 22;
/** A digit of an address on the ruler, in CSS pixels. */
const digitWidth = 6.8;
const rulerPadding = 16;
/** The Hilbert layout has no ruler. */
const plainMargins: Margins = { left: 10, top: 4 };

export class Camera {
    private readonly area: ScrollArea;
    readonly panel: HTMLElement;
    private model: MapModel | null = null;
    private chunks: Chunks | null = null;
    private kind: LayoutKind = 'rows';
    private current: Layout | null = null;
    /** The level that was chosen; null = fitted, which follows the size of the panel. */
    private chosenLevel: number | null = null;
    private fittedLevel = 0;

    constructor(private readonly onMove: () => void) {
        this.area = new ScrollArea(onMove);
        this.panel = this.area.element;
        new ResizeObserver(() => this.update()).observe(this.panel);
    }

    get layout(): Layout | null {
        return this.current;
    }

    get layoutKind(): LayoutKind {
        return this.kind;
    }

    get level(): number | null {
        return this.chosenLevel;
    }

    get cellPages(): number {
        return 2 ** Math.max(0, this.shownLevel);
    }

    get canZoomIn(): boolean {
        return this.shownLevel > (this.kind === 'rows' ? rowZoom.lowestLevel : hilbertZoom.lowestLevel);
    }

    get canZoomOut(): boolean {
        return this.shownLevel < this.fittedLevel;
    }

    /** First gfn of what is at the top left. */
    get topGfn(): number {
        return this.anchor().gfn;
    }

    get margins(): Margins {
        if (this.kind === 'hilbert') return plainMargins;
        const last = this.model?.extents.at(-1)?.end ?? 0;
        return { left: Math.ceil(toGpa(last).length * digitWidth) + rulerPadding, top: topMargin };
    }

    get viewport(): Viewport {
        const { left, top } = this.margins;
        return {
            width: Math.max(1, this.area.width - left),
            height: Math.max(1, this.area.height - top),
            ratio: devicePixelRatio,
        };
    }

    /** The part of the layout that is in sight. */
    get box(): Box {
        const { width, height } = this.viewport;
        const { left, top } = this.area;
        return { left, top, right: left + width, bottom: top + height };
    }

    private get shownLevel(): number {
        return this.chosenLevel ?? this.fittedLevel;
    }

    /** Without `view`, layout, level and place stay. */
    setModel(model: MapModel, view?: { readonly layout: LayoutKind; readonly level: number | null; readonly top: number }): void {
        const place = view === undefined ? this.anchor() : { gfn: view.top, x: 0, y: 0 };
        if (view !== undefined) {
            this.chosenLevel = view.level;
            this.kind = view.layout;
        }
        if (this.model?.extents !== model.extents) this.chunks = null;
        this.model = model;
        this.update(place);
    }

    /** Shows everything in another layout. */
    setLayout(kind: LayoutKind): void {
        this.kind = kind;
        this.setLevel(null);
    }

    /** Null fits the whole guest into the panel; else `gfn` stays at this point of the cells' part of the panel. */
    setLevel(level: number | null, gfn = 0, x = 0, y = 0): void {
        this.chosenLevel = level;
        this.update({ gfn, x, y });
    }

    /** One step of the layout; `gfn` stays at this point of the panel. */
    zoom(direction: 1 | -1, gfn: number, x: number, y: number): void {
        const step = this.kind === 'rows' ? 1 : 2;
        const { left, top } = this.margins;
        if (direction > 0 ? this.canZoomIn : this.canZoomOut) this.setLevel(this.shownLevel - direction * step, gfn, x - left, y - top);
    }

    scrollBy(x: number, y: number): void {
        this.area.scrollTo(this.area.left + x, this.area.top + y);
        this.onMove();
    }

    /** Scrolls as little as possible, or to the middle of the panel, until the cell of `gfn` is in sight. */
    reveal(gfn: number, centered: boolean): void {
        if (this.current === null) return;
        const { cellWidth, cellHeight } = this.current;
        const { width, height } = this.viewport;
        const { left, top } = this.margins;
        const { x, y } = this.placeOf(gfn);
        // The label of the current memslot may lie over the topmost row.
        const strip = this.current.kind === 'rows' ? this.current.grid.stripHeight : 0;
        const away = (at: number, size: number, first: number, room: number) => {
            if (at >= first && at + size <= room) return 0;
            return centered ? at - room / 2 : at < first ? at - first : at + size - room;
        };
        const across = away(x - left, cellWidth, 0, width);
        const down = away(y - top, cellHeight, strip, height);
        if (across !== 0 || down !== 0) this.scrollBy(across, down);
    }

    /** Scrolls so that the cell of `gfn` is in the middle. */
    center(gfn: number): void {
        const { x, y } = this.placeOf(gfn);
        const { left, top } = this.margins;
        const { width, height } = this.viewport;
        this.scrollBy(x - left - width / 2, y - top - height / 2);
    }

    /** The pages in sight; those of the Hilbert curve to some cells around. */
    extentsInSight(): Extent[] {
        const { current, box } = this;
        if (current === null) return [];
        if (current.kind === 'rows') return [...current.rowsBetween(box.top, box.bottom)].map(({ start }) => ({ start, end: start + current.rowPages }));
        return current.squaresIn(box);
    }

    /** Top left corner in the panel of the cell that shows `gfn`. */
    placeOf(gfn: number): { x: number; y: number } {
        const place = this.current?.placeOf(this.current.cellOf(gfn)) ?? { x: 0, y: 0 };
        return { x: this.margins.left + place.x - this.area.left, y: this.margins.top + place.y - this.area.top };
    }

    isInSight(x: number, y: number): boolean {
        const { left, top } = this.margins;
        return x >= left && x < this.area.width && y >= top && y < this.area.height;
    }

    cellOf(gfn: number): Extent | null {
        return this.current === null || this.current.cells === 0 ? null : this.current.extentOf(this.current.cellOf(gfn));
    }

    /** The pages of the cell at a point of the panel; with `nearest` also from beside the cells. */
    cellAt(x: number, y: number, nearest: boolean): Extent | null {
        const { left, top } = this.margins;
        const hit = this.current?.cellAt(x - left + this.area.left, y - top + this.area.top) ?? null;
        if (this.current === null || hit === null) return null;
        const isCell = hit.inside && this.isInSight(x, y);
        return isCell || nearest ? this.current.extentOf(hit.cell) : null;
    }

    /** Indices of the tiles to have: those in sight, then those a panel around them. */
    tilesInSight(): Set<number> {
        const wanted = new Set<number>();
        if (this.current === null) return wanted;
        const { left, top, right, bottom } = this.box;
        const around = { left: 2 * left - right, top: 2 * top - bottom, right: 2 * right - left, bottom: 2 * bottom - top };
        for (const box of [this.box, around]) {
            for (const { pieces } of this.current.patchesIn(box)) for (const { tile } of pieces) wanted.add(tile);
        }
        return wanted;
    }

    private anchor(): Place {
        if (this.current === null || this.current.cells === 0) return { gfn: 0, x: 0, y: 0 };
        const cell = this.current.anchorAt(this.area.left, this.area.top);
        const { x, y } = this.current.placeOf(cell);
        return { gfn: this.current.extentOf(cell).start, x: x - this.area.left, y: y - this.area.top };
    }

    /** Lays out again, and scrolls so that the cell of `gfn` is at this point of the cells' part of the panel. */
    private update({ gfn, x, y }: Place = this.anchor()): void {
        if (this.model === null || this.area.width === 0) return;
        this.current = this.layOut(this.model);
        const { left, top } = this.margins;
        const { width, height } = this.current;
        this.area.setContent(this.current.kind === 'rows' ? 0 : width + left, height + top);
        const place = this.current.placeOf(this.current.cellOf(gfn));
        // A row at the very top whose memslot starts there brings the label along.
        const startsSlot = y === 0 && slotsIn(this.model, gfn, gfn + 1)[0]?.start === gfn;
        const strip = startsSlot && this.current.kind === 'rows' ? this.current.grid.stripHeight : 0;
        this.area.scrollTo(place.x - x, place.y - y - strip);
        this.onMove();
    }

    private layOut({ extents, slots }: MapModel): Layout {
        const { viewport } = this;
        if (this.kind === 'hilbert') {
            const chunks = (this.chunks ??= makeChunks(extents));
            this.fittedLevel = hilbertZoom.fitLevel(chunks, viewport);
            this.forgetLevelThatFits();
            return this.chosenLevel === null ? hilbertZoom.fittedLayout(chunks, viewport) : hilbertZoom.layoutAt(this.chosenLevel, chunks, viewport);
        }
        this.fittedLevel = rowZoom.fitLevel(viewport, extents, slots);
        this.forgetLevelThatFits();
        const grid =
            this.chosenLevel === null
                ? rowZoom.fittedGrid(this.fittedLevel, viewport, extents, slots)
                : rowZoom.gridAt(this.chosenLevel, viewport);
        return new RowLayout(grid, extents, slots);
    }

    private forgetLevelThatFits(): void {
        if (this.chosenLevel !== null && this.chosenLevel >= this.fittedLevel) this.chosenLevel = null;
    }
}

interface Place {
    readonly gfn: number;
    readonly x: number;
    readonly y: number;
}
