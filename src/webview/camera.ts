/** Which part of the map is in sight, and how large: level, layout and scroll position. */
import type { Extent } from '../common/openedMap';
import { toGpa } from './describe';
import { Layout } from './layout';
import { slotsIn, type MapModel } from './mapModel';
import type { Margins } from './renderer';
import { ScrollArea } from './scrollArea';
import { fitLevel, fittedGrid, gridAt, lowestLevel, type Viewport } from './zoom';

const topMargin = 22;
/** A digit of an address on the ruler, in CSS pixels. */
const digitWidth = 6.8;
const rulerPadding = 16;

export class Camera {
    private readonly area: ScrollArea;
    readonly panel: HTMLElement;
    private model: MapModel | null = null;
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

    get level(): number | null {
        return this.chosenLevel;
    }

    get top(): number {
        return this.area.top;
    }

    get cellPages(): number {
        return 2 ** Math.max(0, this.shownLevel);
    }

    get canZoomIn(): boolean {
        return this.shownLevel > lowestLevel;
    }

    get canZoomOut(): boolean {
        return this.shownLevel < this.fittedLevel;
    }

    /** First gfn of the topmost row. */
    get topGfn(): number {
        return this.topRow().gfn;
    }

    get margins(): Margins {
        const last = this.model?.extents.at(-1)?.end ?? 0;
        return { left: Math.ceil(toGpa(last).length * digitWidth) + rulerPadding, top: topMargin };
    }

    get viewport(): Viewport {
        const { left } = this.margins;
        return {
            width: Math.max(1, this.area.width - left),
            height: Math.max(1, this.area.height - topMargin),
            ratio: devicePixelRatio,
        };
    }

    private get shownLevel(): number {
        return this.chosenLevel ?? this.fittedLevel;
    }

    /** Without `view`, level and place stay. */
    setModel(model: MapModel, view?: { readonly level: number | null; readonly top: number }): void {
        const place = view === undefined ? this.topRow() : { gfn: view.top, y: 0 };
        if (view !== undefined) this.chosenLevel = view.level;
        this.model = model;
        this.update(place);
    }

    /** Null fits the whole guest into the panel; else `gfn` stays at `y` below the ruler. */
    setLevel(level: number | null, gfn = 0, y = 0): void {
        this.chosenLevel = level;
        this.update({ gfn, y });
    }

    zoom(direction: 1 | -1, gfn: number, y: number): void {
        if (direction > 0 ? this.canZoomIn : this.canZoomOut) this.setLevel(this.shownLevel - direction, gfn, y);
    }

    scrollBy(pixels: number): void {
        this.area.scrollTo(this.area.top + pixels);
        this.onMove();
    }

    /** Scrolls as little as possible, or to the middle of the panel, until the cell of `gfn` is in sight. */
    reveal(gfn: number, centered: boolean): void {
        if (this.current === null) return;
        const { cellHeight, stripHeight } = this.current.grid;
        const { height } = this.viewport;
        const y = this.placeOf(gfn).y - topMargin;
        // The label of the current memslot may lie over the topmost row.
        if (y >= stripHeight && y + cellHeight <= height) return;
        this.scrollBy(centered ? y - height / 2 : y < stripHeight ? y - stripHeight : y + cellHeight - height);
    }

    /** Top left corner in the panel of the cell that shows `gfn`. */
    placeOf(gfn: number): { x: number; y: number } {
        const place = this.current?.placeOf(this.current.cellOf(gfn)) ?? { x: 0, y: 0 };
        return { x: this.margins.left + place.x, y: topMargin + place.y - this.area.top };
    }

    isInSight(y: number): boolean {
        return y >= topMargin && y < this.area.height;
    }

    cellOf(gfn: number): Extent | null {
        return this.current === null || this.current.cells === 0 ? null : this.current.extentOf(this.current.cellOf(gfn));
    }

    /** The pages of the cell at a point of the panel; with `nearest` also from beside the cells. */
    cellAt(x: number, y: number, nearest: boolean): Extent | null {
        const hit = this.current?.cellAt(x - this.margins.left, y - topMargin + this.area.top) ?? null;
        if (this.current === null || hit === null) return null;
        const isCell = hit.inside && this.isInSight(y);
        return isCell || nearest ? this.current.extentOf(hit.cell) : null;
    }

    /** Indices of the tiles to have: those in sight, then those a panel's height around them. */
    tilesInSight(): Set<number> {
        const wanted = new Set<number>();
        if (this.current === null) return wanted;
        const { height } = this.viewport;
        for (const patch of this.current.patchesBetween(this.top, this.top + height)) wanted.add(patch.tile);
        for (const patch of this.current.patchesBetween(this.top - height, this.top + 2 * height)) wanted.add(patch.tile);
        return wanted;
    }

    private topRow(): Place {
        const first = this.current?.rowsBetween(this.area.top, this.area.top + 1).next();
        return first?.done === false ? { gfn: first.value.start, y: first.value.y - this.area.top } : { gfn: 0, y: 0 };
    }

    /** Lays out again, and scrolls so that the row of `gfn` is at `y` below the ruler. */
    private update({ gfn, y }: Place = this.topRow()): void {
        if (this.model === null || this.area.width === 0) return;
        const { extents, slots } = this.model;
        this.fittedLevel = fitLevel(this.viewport, extents, slots);
        if (this.chosenLevel !== null && this.chosenLevel >= this.fittedLevel) this.chosenLevel = null;
        const grid = this.chosenLevel === null ? fittedGrid(this.fittedLevel, this.viewport, extents, slots) : gridAt(this.chosenLevel, this.viewport);
        this.current = new Layout(grid, extents, slots);
        this.area.setContentHeight(this.current.height + topMargin);
        const place = this.current.placeOf(this.current.cellOf(gfn));
        // A row at the very top whose memslot starts there brings the label along.
        const strip = y === 0 && slotsIn(this.model, gfn, gfn + 1)[0]?.start === gfn ? grid.stripHeight : 0;
        this.area.scrollTo(place.y - y - strip);
        this.onMove();
    }
}

interface Place {
    readonly gfn: number;
    readonly y: number;
}
