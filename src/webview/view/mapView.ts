/**
 * The map's panel: the cursor, the selection and what is under the pointer. It turns pointer and keys into changes of
 * these and of the camera, and has the renderer draw once per frame what changed.
 */
import type { Extent } from '../../common/openedMap';
import { Camera } from '../layout/camera';
import { moveCursor, type Step } from './cursor';
import { describeBriefly } from '../controls/describe';
import { element } from '../dom';
import { actionOf, type KeyAction } from './keyboard';
import type { KnownPages } from '../tiles/knownPages';
import { t } from '../l10n';
import type { LayoutKind } from '../layout/layout';
import type { Layout } from '../layout/layouts';
import type { MapModel } from '../tiles/mapModel';
import { Minimap } from '../controls/minimap';
import { Overlay } from '../drawing/overlay';
import type { Palette } from '../drawing/palette';
import { listenToPointer } from './pointer';
import type { CellRenderer } from '../drawing/renderer';
import type { Frame } from '../drawing/frame';
import { select, type Selection } from './selection';
import type { TileCache } from '../tiles/tileCache';
import type { Tooltip } from '../controls/tooltip';
import type { MapPlace } from './viewState';
import { ZoomAnimation } from '../layout/zoomAnimation';

export interface MapViewEvents {
    /** Anything that the bars around the map show, or that is saved, changed. */
    changed(): void;
    /** For a screen reader. */
    announce(text: string): void;
    goTo(): void;
    copy(): void;
    showTable(): void;
    /** What can be done with the selection, as a menu at a point of the window. */
    openMenu(x: number, y: number): void;
    /** The nearest run, in one of `classes`, that begins at or after `gfn`, or ends at or before it. */
    find(classes: readonly number[], gfn: number, direction: 1 | -1): Promise<Extent | null>;
}

/** What the view looks at. */
export interface MapViewParts {
    readonly renderer: CellRenderer;
    readonly tiles: TileCache;
    readonly known: KnownPages;
    readonly tooltip: Tooltip;
}

export class MapView {
    readonly camera = new Camera(() => {
        this.requestDraw();
        this.events.changed();
    });
    readonly element: HTMLElement;
    /** The part of it that the pages are in. */
    readonly area: HTMLElement;
    private readonly minimap: Minimap;
    private readonly zoomAnimation = new ZoomAnimation();
    private readonly overlay = new Overlay();
    private model: MapModel | null = null;
    private cursor: number | null = null;
    private selected: Selection | null = null;
    private hovered: Extent | null = null;
    /** What the last look at the VM found changed. */
    private changed: readonly Extent[] = [];
    private highlight: ReadonlySet<number> = new Set();
    private frameRequest = 0;
    private cellsChanged = true;

    constructor(
        private readonly parts: MapViewParts,
        private palette: Palette,
        private readonly events: MapViewEvents,
    ) {
        const { panel } = this.camera;
        this.minimap = new Minimap(parts.tiles, (gfn) => {
            this.forgetPointer();
            this.camera.center(gfn);
        });
        this.area = element('div', 'map', parts.renderer.element, this.overlay.element, panel, parts.tooltip.element);
        this.element = element('main', 'mapFrame', this.minimap.element, this.area);
        panel.tabIndex = 0;
        panel.setAttribute('role', 'application');
        panel.setAttribute('aria-roledescription', t('page map'));
        panel.addEventListener('keydown', (event) => {
            const action = actionOf(event);
            if (action === null || this.model === null) return;
            event.preventDefault();
            this.perform(action);
        });
        // Before VS Code's own listener, which opens the menu of what is selected then.
        panel.addEventListener('contextmenu', ({ clientX, clientY, isTrusted }) => {
            const { left, top } = panel.getBoundingClientRect();
            if (isTrusted) this.aim(clientX - left, clientY - top);
        });
        for (const name of ['focus', 'blur']) panel.addEventListener(name, () => this.requestDraw(false));
        listenToPointer(panel, {
            hover: (x, y) => this.hover(x, y),
            leave: () => this.leave(),
            press: (x, y, extend) => this.press(x, y, extend),
            drag: (x, y) => this.drag(x, y),
            openRun: (x, y) => void this.selectRun(this.camera.cellAt(x, y, false)?.start),
            pan: (x, y) => {
                this.forgetPointer();
                this.camera.scrollBy(-x, -y);
            },
            zoom: (direction, x, y) => this.zoomAt(direction, x, y),
            tapSpace: () => void this.selectRun(this.cursor ?? undefined),
        });
    }

    get selection(): Extent | null {
        return this.selected?.extent ?? null;
    }

    /** `place` is what to show of it; null keeps what is shown. */
    setModel(model: MapModel, place: MapPlace | null): void {
        this.camera.panel.setAttribute('aria-label', t('Page map of {0}. Arrow keys move through the pages.', model.map.title));
        this.model = model;
        if (place === null) this.parts.tooltip.update(model);
        else {
            this.forgetPointer();
            this.cursor = place.cursor;
            this.selected = place.selection === null ? null : { anchor: place.selection, extent: place.selection };
            this.highlight = new Set(place.highlight);
        }
        this.camera.setModel(model, place ?? undefined);
        this.requestTiles();
    }

    /** Marks what changed until the next look. */
    setChanged(changed: readonly Extent[]): void {
        if (changed.length === 0 && this.changed.length === 0) return;
        this.changed = changed;
        this.requestDraw(false);
    }

    setPalette(palette: Palette): void {
        this.palette = palette;
        this.requestDraw();
    }

    setHighlight(highlight: ReadonlySet<number>): void {
        this.highlight = highlight;
        this.requestDraw();
        this.events.changed();
    }

    /** The class's run that is next to the cursor. */
    async step(pageClass: number, direction: 1 | -1): Promise<void> {
        const from = this.cursor ?? this.camera.topGfn;
        const cell = this.camera.cellOf(from);
        if (cell === null) return;
        const found = await this.events.find([pageClass], direction > 0 && this.cursor !== null ? cell.end : cell.start, direction);
        if (found === null) this.events.announce(direction > 0 ? t('There is no further one.') : t('There is none before.'));
        else this.moveTo(found);
    }

    /** Tiles came. */
    tilesChanged(): void {
        this.requestTiles();
        this.requestDraw();
        this.parts.tooltip.redraw();
        this.events.changed();
    }

    place(): MapPlace {
        const { cursor, highlight, selection } = this;
        const { layoutKind, level, topGfn } = this.camera;
        return { layout: layoutKind, level, top: topGfn, cursor, selection, highlight: [...highlight] };
    }

    /** Shows these pages at a level where they can be told apart, with the cursor on the first. */
    goTo(extent: Extent, selects: boolean): void {
        if (this.model === null) return;
        this.cursor = extent.start;
        if (selects) this.setSelection(select(this.model, extent));
        while (this.camera.canZoomIn && this.camera.cellPages > extent.end - extent.start) this.camera.zoom(1, extent.start, 0, 0);
        this.camera.panel.focus();
        this.cursorMoved(true);
        if (!selects) void this.showDetails();
    }

    /** Selects without a move of the view. */
    select(extent: Extent): void {
        if (this.model === null) return;
        this.cursor = extent.start;
        this.setSelection(select(this.model, extent));
    }

    /** The cursor on the first of these pages, which are selected, and in sight. */
    private moveTo(extent: Extent): void {
        this.select(extent);
        this.cursorMoved(true);
    }

    focus(): void {
        this.camera.panel.focus();
    }

    fit(): void {
        this.forgetPointer();
        this.camera.setLevel(null);
    }

    /** One level in (1) or out (-1), around the cursor when it is in sight, else around the middle. */
    zoom(direction: 1 | -1): void {
        const place = this.cursor === null ? null : this.camera.placeOf(this.cursor);
        const { margins, viewport } = this.camera;
        if (place !== null && this.camera.isInSight(place.x, place.y)) this.zoomAt(direction, place.x, place.y);
        else this.zoomAt(direction, margins.left + viewport.width / 2, margins.top + viewport.height / 2);
    }

    setLayout(kind: LayoutKind): void {
        this.forgetPointer();
        this.camera.setLayout(kind);
    }

    private zoomAt(direction: 1 | -1, x: number, y: number): void {
        const cell = this.camera.cellAt(x, y, true);
        if (cell === null) return;
        this.forgetPointer();
        const isAtCursor = this.cursor !== null && this.cursor >= cell.start && this.cursor < cell.end;
        const before = this.camera.layout;
        this.camera.zoom(direction, isAtCursor ? (this.cursor ?? 0) : cell.start, x, y);
        const after = this.camera.layout;
        if (before !== null && after !== null) this.animateZoom(before, after, x, y);
    }

    private animateZoom(before: Layout, after: Layout, x: number, y: number): void {
        const scale = after.height / before.height;
        this.zoomAnimation.begin(this.parts.renderer.element, after.kind === 'rows' ? 1 : scale, scale, x, y);
    }

    private perform(action: KeyAction): void {
        switch (action.type) {
            case 'move':
                void this.move(action);
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
            case 'table':
                this.events.showTable();
                break;
            case 'menu':
                this.openMenu();
                break;
            case 'details':
                void this.showDetails();
                break;
            case 'clear':
                if (this.parts.tooltip.isShown) this.parts.tooltip.hide();
                else this.setSelection(null);
        }
    }

    /** At the cursor, about the selection, or where there is none about the cursor's cell. */
    private openMenu(): void {
        const { camera, model } = this;
        const cell = this.cursor === null ? null : camera.cellOf(this.cursor);
        if (model === null || cell === null) return;
        if (this.selected === null) this.setSelection(select(model, cell));
        const { left, top } = camera.panel.getBoundingClientRect();
        const place = camera.placeOf(cell.start);
        this.forgetPointer();
        this.events.openMenu(left + place.x, top + Math.max(place.y, 0));
    }

    /** Selects what the menu at this point is to be about. */
    private aim(x: number, y: number): void {
        const cell = this.camera.cellAt(x, y, false);
        const { selection } = this;
        this.forgetPointer();
        if (cell !== null && (selection === null || cell.end <= selection.start || cell.start >= selection.end)) this.press(x, y, false);
    }

    private async move(action: Extract<KeyAction, { type: 'move' }>): Promise<void> {
        // The first key only shows where the cursor is.
        const from = this.cursor ?? this.camera.topGfn;
        const to = this.cursor === null ? from : action.by === 'change' ? await this.nextChange(from, action.direction) : this.stepFrom(from, action as Step);
        const { model, camera, selected } = this;
        if (model === null || to === null) return;
        const anchor = selected?.anchor ?? camera.cellOf(from);
        this.cursor = to;
        const focus = camera.cellOf(to);
        if (action.extend && anchor !== null && focus !== null) this.setSelection(select(model, anchor, focus));
        this.cursorMoved(false);
    }

    private stepFrom(from: number, step: Step): number | null {
        const { layout, viewport } = this.camera;
        if (layout === null || layout.cells === 0) return null;
        return moveCursor({ layout, rowsInSight: Math.floor(viewport.height / layout.cellHeight) }, from, step);
    }

    /** The nearest run outside of the cell at `from`, of a highlighted class while one is; null when the map changed. */
    private async nextChange(from: number, direction: 1 | -1): Promise<number | null> {
        const { model, highlight } = this;
        const cell = this.camera.cellOf(from);
        if (model === null || cell === null) return null;
        const classes = highlight.size > 0 ? [...highlight] : [...model.layer.classes.keys()];
        const found = await this.events.find(classes, direction > 0 ? cell.end : cell.start, direction);
        return this.model !== model || this.cursor !== from ? null : (found?.start ?? from);
    }

    private cursorMoved(centered: boolean): void {
        if (this.model === null || this.cursor === null) return;
        this.forgetPointer();
        this.camera.reveal(this.cursor, centered);
        const cell = this.camera.cellOf(this.cursor);
        if (cell !== null) void this.announce(this.model, cell);
        this.requestDraw(false);
        this.events.changed();
    }

    private async announce(model: MapModel, cell: Extent): Promise<void> {
        const { known } = this.parts;
        const counts = known.now(model, cell).counts ?? (await known.all(model, cell))?.counts ?? null;
        const isStillThere = this.model === model && this.cursor !== null && this.cursor >= cell.start && this.cursor < cell.end;
        if (isStillThere) this.events.announce(describeBriefly(model, cell, counts));
    }

    private async showDetails(): Promise<void> {
        const cell = this.cursor === null ? null : this.camera.cellOf(this.cursor);
        if (this.model === null || cell === null) return;
        const { tooltip } = this.parts;
        const { x, y } = this.camera.placeOf(cell.start);
        await tooltip.show(this.model, cell, x, y, 0);
        if (tooltip.isShown) this.events.announce(tooltip.element.innerText);
    }

    private hover(x: number, y: number): void {
        this.hovered = this.camera.cellAt(x, y, false);
        if (this.hovered === null || this.model === null) this.parts.tooltip.hide();
        else void this.parts.tooltip.show(this.model, this.hovered, x, y);
        this.requestDraw(false);
    }

    private leave(): void {
        this.forgetPointer();
        this.requestDraw(false);
    }

    /** What was under the pointer has moved away from it. */
    private forgetPointer(): void {
        this.hovered = null;
        this.parts.tooltip.hide();
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
        const beyond = (at: number, first: number, room: number) => Math.min(0, at - first) + Math.max(0, at - first - room);
        const across = this.camera.layoutKind === 'rows' ? 0 : beyond(x, margins.left, viewport.width);
        const down = beyond(y, margins.top, viewport.height);
        if (across !== 0 || down !== 0) this.camera.scrollBy(across, down);
        const cell = this.camera.cellAt(x, y, true);
        if (cell === null) return;
        this.cursor = cell.start;
        this.setSelection(select(this.model, this.selected.anchor, cell) ?? this.selected);
    }

    /** Selects the run that holds `gfn`. */
    private async selectRun(gfn: number | undefined): Promise<void> {
        const { model } = this;
        if (model === null || gfn === undefined) return;
        const known = await this.parts.known.all(model, { start: gfn, end: gfn + 1 });
        const run = known?.row?.run ?? null;
        if (run === null || this.model !== model) return;
        const start = Number(BigInt(run.gpa) >> 12n);
        const extent = { start, end: start + Number(BigInt(run.size) >> 12n) };
        this.setSelection({ anchor: extent, extent });
    }

    private setSelection(selection: Selection | null): void {
        this.selected = selection;
        this.requestDraw(false);
        this.events.changed();
    }

    /** Those of what is in sight that are not here. */
    private requestTiles(): void {
        const { model, camera } = this;
        if (model === null || camera.layout === null) return;
        this.parts.tiles.request(model.layer.id, camera.layout.level, camera.tilesInSight());
        this.minimap.request(model);
    }

    private requestDraw(cellsChanged = true): void {
        this.cellsChanged ||= cellsChanged;
        this.frameRequest ||= requestAnimationFrame(() => this.draw());
    }

    private draw(): void {
        this.frameRequest = 0;
        const { model, palette, highlight, hovered, selection, camera } = this;
        const { renderer, tiles } = this.parts;
        const { layout, box, viewport, margins } = camera;
        if (model === null || layout === null) return;
        const tileOf = (index: number) => tiles.shown(model.layer.id, layout.level, index);
        const frame: Frame = { model, layout, tileOf, box, viewport, margins, palette, highlight };
        if (this.cellsChanged) {
            // Before all drawing, so that the answer comes the sooner.
            this.requestTiles();
            this.cellsChanged = false;
            if (!renderer.draw(frame)) this.requestDraw();
            this.minimap.draw(model, palette, highlight, camera.extentsInSight());
        }
        const focused = document.activeElement === camera.panel;
        const cursor = this.cursor === null ? null : camera.cellOf(this.cursor);
        this.overlay.draw(frame, { hover: hovered, cursor, focused, selection, changed: this.changed });
    }
}
