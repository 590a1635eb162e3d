/**
 * The map's panel: the cursor, the selection and what is under the pointer. It turns pointer and keys into changes of
 * these and of the camera, and has the renderer draw once per frame what changed.
 */
import { pageRunAt } from '../common/pageRuns';
import { Camera } from './camera';
import { moveCursor } from './cursor';
import { describeBriefly, singleRun } from './describe';
import { element } from './dom';
import { actionOf, type MapAction } from './keyboard';
import type { Extent, MapModel } from './mapModel';
import type { PageClass } from './pageClass';
import type { Palette } from './palette';
import { listenToPointer } from './pointer';
import type { MapRenderer } from './renderer';
import { select, type Selection } from './selection';
import type { Tooltip } from './tooltip';
import type { ViewState } from './viewState';

export interface MapViewEvents {
    /** Anything that the bars around the map show, or that is saved, changed. */
    changed(): void;
    /** For a screen reader. */
    announce(text: string): void;
    goTo(): void;
    copy(): void;
}

export class MapView {
    readonly camera = new Camera(() => {
        this.requestDraw();
        this.events.changed();
    });
    readonly element: HTMLElement;
    private model: MapModel | null = null;
    private cursor: number | null = null;
    private selected: Selection | null = null;
    private hovered: Extent | null = null;
    private highlight: ReadonlySet<PageClass> = new Set();
    private frameRequest = 0;
    private pagesChanged = true;

    constructor(
        private readonly renderer: MapRenderer,
        private readonly tooltip: Tooltip,
        private palette: Palette,
        private readonly events: MapViewEvents,
    ) {
        const { panel } = this.camera;
        this.element = element('main', 'map', ...renderer.elements, panel, tooltip.element);
        panel.tabIndex = 0;
        panel.setAttribute('role', 'application');
        panel.setAttribute('aria-roledescription', 'page map');
        panel.addEventListener('keydown', (event) => {
            const action = actionOf(event);
            if (action === null || this.model === null) return;
            event.preventDefault();
            this.perform(action);
        });
        for (const name of ['focus', 'blur']) panel.addEventListener(name, () => this.requestDraw(false));
        listenToPointer(panel, {
            hover: (x, y) => this.hover(x, y),
            leave: () => this.leave(),
            press: (x, y, extend) => this.press(x, y, extend),
            drag: (x, y) => this.drag(x, y),
            openRun: (x, y) => this.selectRun(this.camera.cellAt(x, y, false)?.start),
            zoom: (direction, x, y) => this.zoomAt(direction, x, y),
        });
    }

    get selection(): Extent | null {
        return this.selected?.extent ?? null;
    }

    /** `state` is what to show of it; null keeps what is shown. */
    setModel(model: MapModel, state: ViewState | null): void {
        this.camera.panel.setAttribute('aria-label', `Page map of ${model.event.title}. Arrow keys move through the pages.`);
        this.model = model;
        if (state === null) this.tooltip.update(model);
        else {
            this.forgetPointer();
            this.cursor = state.cursor;
            this.selected = state.selection === null ? null : { anchor: state.selection, extent: state.selection };
            this.highlight = new Set(state.highlight);
        }
        this.camera.setModel(model, state ?? undefined);
    }

    setPalette(palette: Palette): void {
        this.palette = palette;
        this.requestDraw();
    }

    setHighlight(highlight: ReadonlySet<PageClass>): void {
        this.highlight = highlight;
        this.requestDraw();
        this.events.changed();
    }

    saveState(vm: string, addressSpace: number): ViewState {
        const { cursor, highlight, selection } = this;
        const { level, topGfn } = this.camera;
        return { vm, addressSpace, level, top: topGfn, cursor, selection, highlight: [...highlight] };
    }

    /** Shows these pages at a level where they can be told apart, with the cursor on the first. */
    goTo(extent: Extent, selects: boolean): void {
        if (this.model === null) return;
        this.cursor = extent.start;
        if (selects) this.setSelection(select(this.model, extent));
        while (this.camera.canZoomIn && this.camera.cellPages > extent.end - extent.start) this.camera.zoom(1, extent.start, 0);
        this.camera.panel.focus();
        this.cursorMoved(true);
        if (!selects) this.showDetails();
    }

    fit(): void {
        this.forgetPointer();
        this.camera.setLevel(null);
    }

    /** One level in (1) or out (-1), around the cursor when it is in sight, else around the middle. */
    zoom(direction: 1 | -1): void {
        const place = this.cursor === null ? null : this.camera.placeOf(this.cursor);
        if (place !== null && this.camera.isInSight(place.y)) this.zoomAt(direction, place.x, place.y);
        else this.zoomAt(direction, 0, this.camera.margins.top + this.camera.viewport.height / 2);
    }

    private zoomAt(direction: 1 | -1, x: number, y: number): void {
        const cell = this.camera.cellAt(x, y, true);
        if (cell === null) return;
        this.forgetPointer();
        const isAtCursor = this.cursor !== null && this.cursor >= cell.start && this.cursor < cell.end;
        this.camera.zoom(direction, isAtCursor ? (this.cursor ?? 0) : cell.start, y - this.camera.margins.top);
    }

    private perform(action: MapAction): void {
        switch (action.type) {
            case 'move':
                this.move(action);
                break;
            case 'zoom':
                this.zoom(action.direction);
                break;
            case 'fit':
                this.fit();
                break;
            case 'goTo':
                this.events.goTo();
                break;
            case 'copy':
                this.events.copy();
                break;
            case 'details':
                this.showDetails();
                break;
            case 'selectRun':
                this.selectRun(this.cursor ?? undefined);
                break;
            case 'clear':
                if (this.tooltip.isShown) this.tooltip.hide();
                else this.setSelection(null);
        }
    }

    private move(action: Extract<MapAction, { type: 'move' }>): void {
        const { model, highlight, camera } = this;
        const { layout } = camera;
        if (model === null || layout === null || layout.cells === 0) return;
        const rowsInSight = Math.floor(camera.viewport.height / layout.grid.cellHeight);
        const from = this.cursor ?? camera.topGfn;
        const anchor = this.selected?.anchor ?? camera.cellOf(from);
        // The first key only shows where the cursor is.
        this.cursor = this.cursor === null ? from : moveCursor({ model, layout, rowsInSight, highlight }, from, action);
        const focus = camera.cellOf(this.cursor);
        if (action.extend && anchor !== null && focus !== null) this.setSelection(select(model, anchor, focus));
        this.cursorMoved(false);
    }

    private cursorMoved(centered: boolean): void {
        if (this.model === null || this.cursor === null) return;
        this.forgetPointer();
        this.camera.reveal(this.cursor, centered);
        const cell = this.camera.cellOf(this.cursor);
        if (cell !== null) this.events.announce(describeBriefly(this.model, cell));
        this.requestDraw(false);
        this.events.changed();
    }

    private showDetails(): void {
        const cell = this.cursor === null ? null : this.camera.cellOf(this.cursor);
        if (this.model === null || cell === null) return;
        const { x, y } = this.camera.placeOf(cell.start);
        this.tooltip.show(this.model, cell, x, y);
        this.events.announce(this.tooltip.element.innerText);
    }

    private hover(x: number, y: number): void {
        this.hovered = this.camera.cellAt(x, y, false);
        if (this.hovered === null || this.model === null) this.tooltip.hide();
        else this.tooltip.show(this.model, this.hovered, x, y);
        this.requestDraw(false);
    }

    private leave(): void {
        this.forgetPointer();
        this.requestDraw(false);
    }

    /** What was under the pointer has moved away from it. */
    private forgetPointer(): void {
        this.hovered = null;
        this.tooltip.hide();
    }

    private press(x: number, y: number, extend: boolean): void {
        const cell = this.camera.cellAt(x, y, false);
        if (this.model === null || cell === null) return;
        this.cursor = cell.start;
        this.setSelection(select(this.model, extend ? (this.selected?.anchor ?? cell) : cell, cell));
    }

    private drag(x: number, y: number): void {
        if (this.model === null || this.selected === null) return;
        const { margins, viewport } = this.camera;
        const beyond = Math.min(0, y - margins.top) + Math.max(0, y - margins.top - viewport.height);
        if (beyond !== 0) this.camera.scrollBy(beyond);
        const cell = this.camera.cellAt(x, y, true);
        if (cell === null) return;
        this.cursor = cell.start;
        this.setSelection(select(this.model, this.selected.anchor, cell) ?? this.selected);
    }

    /** Selects the run that holds `gfn`. */
    private selectRun(gfn: number | undefined): void {
        if (this.model === null || gfn === undefined) return;
        const index = singleRun(this.model, { start: gfn, end: gfn + 1 });
        if (index < 0) return;
        const { gpa, size } = pageRunAt(this.model.index.runs, index);
        const start = Number(BigInt(gpa) >> 12n);
        const extent = { start, end: start + Number(BigInt(size) >> 12n) };
        this.setSelection({ anchor: extent, extent });
    }

    private setSelection(selection: Selection | null): void {
        this.selected = selection;
        this.requestDraw(false);
        this.events.changed();
    }

    private requestDraw(pagesChanged = true): void {
        this.pagesChanged ||= pagesChanged;
        this.frameRequest ||= requestAnimationFrame(() => this.draw());
    }

    private draw(): void {
        this.frameRequest = 0;
        const { model, palette, highlight, hovered, selection, camera } = this;
        const { layout, top, viewport, margins } = camera;
        if (model === null || layout === null) return;
        const frame = { model, layout, top, viewport, margins, palette, highlight };
        if (this.pagesChanged) this.renderer.drawPages(frame);
        this.pagesChanged = false;
        const focused = document.activeElement === camera.panel;
        const cursor = this.cursor === null ? null : camera.cellOf(this.cursor);
        this.renderer.drawMarks(frame, { hover: hovered, cursor, focused, selection });
    }
}
