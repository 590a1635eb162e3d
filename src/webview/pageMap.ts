/** The page map: builds the page, wires its parts to each other and to the extension host. */
import { comparisonLayer } from '../common/layers/comparisonLayer';
import { stateLayer } from '../common/layers/stateLayer';
import type { MapLayer } from '../common/mapLayer';
import { findLayer, layersFor } from '../common/mapLayers';
import type { LiveMode, MapEvent, MapRequest, ShownMap } from '../common/mapMessages';
import type { Extent } from '../common/openedMap';
import type { WireRange } from '../common/range';
import { BestRenderer } from './drawing/bestRenderer';
import { Comparison } from './controls/comparison';
import { rangeOf, toGpa } from './controls/describe';
import { element } from './dom';
import { parseDestination, suggest } from './controls/goTo';
import { connectHost } from './host';
import { KnownPages } from './tiles/knownPages';
import { t, useBundle } from './l10n';
import { Legend } from './controls/legend';
import { LiveSwitch } from './controls/liveSwitch';
import { makeMapModel, withLayer, type MapModel } from './tiles/mapModel';
import { MapView } from './view/mapView';
import { menuTarget, openMenu } from './controls/menuTarget';
import { onThemeChange, readPalette } from './drawing/palette';
import { Questions } from './tiles/questions';
import { RunTableView } from './table/runTableView';
import { SelectionBar, toWire } from './controls/selectionBar';
import { StaleNotice, type Stale } from './controls/staleNotice';
import { Status } from './controls/status';
import { TileCache } from './tiles/tileCache';
import { Timeline } from './timeline/timeline';
import { Toolbar } from './controls/toolbar';
import { Tooltip } from './controls/tooltip';
import { firstPlace, firstTable, parseViewState, type MapPlace, type ViewState } from './view/viewState';

/** The host hears of a selection, and the view is saved, when it has rested this long, in milliseconds. */
const settlingTime = 150;

useBundle(document.querySelector<HTMLMetaElement>('meta[name=l10n]')?.content);

const host = connectHost<MapRequest, MapEvent>();
/** As an earlier page of this panel left it. */
const saved = parseViewState(host.getState());
let model: MapModel | null = null;
/** What colours the map when it is no comparison. */
let plainLayer: MapLayer = stateLayer;
let palette = readPalette();
let settling = 0;
let isStale = false;
let showsTable = saved?.showsTable ?? false;
let mode: LiveMode = saved?.mode ?? 'live';
let reportedSelection = 'null';

const post = (request: MapRequest) => host.postMessage(request);
const copy = (text: string) => post({ type: 'copy', text });
const questions = new Questions((question, generation, about) => post({ type: 'ask', question, generation, about }));
const tiles = new TileCache((request) => post({ type: 'tiles', ...request }));
const known: KnownPages = new KnownPages(tiles, questions, () => view.camera.layout?.level ?? 0);
const tooltip = new Tooltip({
    now: (of, extent) => known.now(of, extent),
    all: (of, extent) => known.all(of, extent),
    explain: async (gfn) => (await questions.ask({ type: 'explain', gpa: toGpa(gfn) }))?.facts ?? null,
});
const view: MapView = new MapView({ renderer: new BestRenderer(() => view.tilesChanged()), tiles, known, tooltip }, palette, {
    changed: showView,
    announce: (text) => (spoken.textContent = text),
    goTo: () => toolbar.goTo.focus(),
    copy: () => {
        if (view.selection !== null) copy(rangeOf(view.selection));
    },
    showTable: () => showTable(true),
    openMenu: (x, y) => openMenu(view.element, x, y),
    find: async (classes, gfn, direction) => {
        const layer = model?.layer.id;
        return layer === undefined ? null : ((await questions.ask({ type: 'find', layer, classes, gfn, direction }))?.extent ?? null);
    },
});
const table = new RunTableView(questions, {
    selected: (extent) => view.select(extent),
    opened: (extent) => {
        showTable(false);
        view.goTo(extent, true);
    },
    closed: () => showTable(false),
    openMenu: (x, y) => openMenu(table.element, x, y),
    copy,
    changed: showView,
});
const timeline = new Timeline(palette, post, () => isStale || !tiles.isWaiting);
const comparison = new Comparison(post);
const liveSwitch = new LiveSwitch(post);
const toolbar = new Toolbar(
    {
        refresh: () => post({ type: 'refresh' }),
        zoom: (direction) => view.zoom(direction),
        fit: () => view.fit(),
        showAddressSpace: (addressSpace) => post({ type: 'showAddressSpace', addressSpace }),
        showLayer,
        setLayout: (kind) => view.setLayout(kind),
        showTable,
        suggest: (text) => (model === null ? [] : suggest(model, text)),
        goTo: (text) => {
            if (model === null) return t('There is no map yet.');
            const destination = parseDestination(model, text);
            if ('problem' in destination) return destination.problem;
            showTable(false);
            view.goTo(destination.extent, destination.select);
            return null;
        },
    },
    liveSwitch.element,
    comparison.controls,
    ...timeline.controls,
);
const legend = new Legend({
    highlighted: (classes) => {
        view.setHighlight(classes);
        table.setHighlight(classes);
    },
    step: (pageClass, direction) => {
        showTable(false);
        void view.step(pageClass, direction);
    },
});
const status = new Status();
const selectionBar = new SelectionBar({
    act: (action, range) => post({ type: 'act', action, range }),
    copy,
    openMenu: (at) => {
        const { left, top } = at.getBoundingClientRect();
        openMenu(selectionBar.element, left, top);
    },
});
const progress = element('div', 'progress');
const notice = new StaleNotice((label) => post({ type: 'remedy', label }));
const empty = element('div', 'empty', t('Reading the page map…'));
const spoken = element('div', 'spoken');

progress.setAttribute('role', 'progressbar');
progress.setAttribute('aria-label', t('Reading the map'));
spoken.setAttribute('aria-live', 'polite');
progress.hidden = true;
view.area.append(empty);
document.body.append(
    progress,
    toolbar.element,
    notice.element,
    comparison.banner,
    legend.element,
    view.element,
    table.element,
    timeline.element,
    selectionBar.element,
    status.element,
    spoken,
);
table.restore(saved?.table ?? firstTable);
showTable(showsTable);

onThemeChange(() => {
    palette = readPalette();
    view.setPalette(palette);
    timeline.setPalette(palette);
    if (model !== null) legend.draw(model, palette);
});
host.onEvent(receive);
if (mode === 'paused') post({ type: 'setMode', mode });
if (saved !== null && saved.addressSpace !== 0) post({ type: 'showAddressSpace', addressSpace: saved.addressSpace });
post({ type: 'ready' });

function receive(event: MapEvent): void {
    switch (event.type) {
        case 'map':
            showMap(event);
            break;
        case 'mode':
            mode = event.mode;
            showView();
            break;
        case 'taken':
            status.showTaken(event.takenAt);
            view.setChanged([]);
            break;
        case 'tiles':
            tiles.receive(event.generation, event.layer, event.tiles);
            view.tilesChanged();
            timeline.goOn();
            break;
        case 'answer':
            questions.receive(event.question, event.answer);
            break;
        case 'busy':
            progress.hidden = !event.busy;
            view.element.setAttribute('aria-busy', String(event.busy));
            break;
        case 'stale':
            tiles.forgetRequests();
            questions.giveUp();
            showStale(event);
            break;
        case 'goTo':
            showRange(event.range);
            break;
        case 'recording':
        case 'eventCounts':
        case 'shownTime':
            timeline.receive(event);
    }
}

/** What a hover or a tree led to. */
function showRange(range: WireRange): void {
    if (model === null) return;
    const text = `${range.gpa}+${range.size}`;
    const destination = parseDestination(model, text);
    if ('extent' in destination) {
        showTable(false);
        view.goTo(destination.extent, true);
    } else {
        // Nobody typed it, so nobody leaves the field: it is where the keyboard goes on.
        toolbar.goTo.focus();
    }
    toolbar.goTo.showProblem(text, 'problem' in destination ? destination.problem : null);
}

function showMap({ map, changed }: Extract<MapEvent, { type: 'map' }>): void {
    const previous = model;
    const isSameMap = previous?.map.subject === map.subject && previous.map.addressSpace === map.addressSpace;
    const isSaved = saved?.subject === map.subject && saved.addressSpace === map.addressSpace;
    if (previous === null) plainLayer = findLayer(saved?.layer ?? '') ?? stateLayer;
    const layer = layerFor(map, previous);
    const isSameLayer = previous?.layer === layer;
    const place = isSameMap ? (isSameLayer ? null : { ...view.place(), highlight: [] }) : isSaved ? saved : { ...firstPlace, layout: saved?.layout ?? 'rows' };
    questions.setGeneration(map.generation);
    known.forget();
    tiles.setGeneration(map.generation, changed, isSameMap);
    view.setChanged(isSameMap ? (changed ?? []) : []);
    showModel(makeMapModel(map, layer), place);
    showStale(null);
}

/** A comparison begins with what differs; its end shows what was shown before. */
function layerFor(map: ShownMap, previous: MapModel | null): MapLayer {
    const isComparison = map.origin === 'comparison';
    if (isComparison && previous?.map.origin !== 'comparison') return comparisonLayer;
    const wanted = isComparison ? (previous?.layer ?? comparisonLayer) : plainLayer;
    const offered = layersFor(map.origin);
    return offered.includes(wanted) ? wanted : (offered[0] ?? stateLayer);
}

function showLayer(layer: MapLayer): void {
    if (model === null) return;
    if (model.map.origin !== 'comparison') plainLayer = layer;
    known.forget();
    showModel(withLayer(model, layer), { ...view.place(), highlight: [] });
}

function showTable(isShown: boolean): void {
    const isChange = showsTable !== isShown;
    showsTable = isShown;
    view.element.hidden = isShown;
    table.show(isShown);
    toolbar.showTable(isShown);
    if (isChange) (isShown ? table : view).focus();
    showView();
}

/** `place` is where to look; null = where one looks now. */
function showModel(next: MapModel, place: MapPlace | null): void {
    const isSameMap = model?.map.subject === next.map.subject && model.map.addressSpace === next.map.addressSpace;
    model = next;
    empty.hidden = next.extents.length > 0;
    empty.textContent = t('This address space has no memslots: the guest has no memory here.');
    if (place !== null) legend.highlight(place.highlight);
    legend.draw(next, palette);
    toolbar.show(next);
    comparison.show(next.map);
    timeline.showMap(next.map);
    status.show(next);
    table.setHighlight(legend.classes);
    table.setModel(next, isSameMap);
    view.setModel(next, place);
    view.setHighlight(legend.classes);
    showView();
}

/** Null = the map is current. */
function showStale(stale: Stale | null): void {
    isStale = stale !== null;
    if (isStale && model === null) empty.hidden = true;
    notice.show(stale);
    document.body.classList.toggle('stale', isStale);
    document.body.classList.toggle('noMap', isStale && model === null);
    showView();
}

/** Brings the bars up to date with the view, and saves the view when it has come to rest. */
function showView(): void {
    if (model === null) return;
    const { layoutKind, cellPages, canZoomIn, canZoomOut } = view.camera;
    toolbar.showZoom(layoutKind, cellPages, canZoomIn, canZoomOut);
    liveSwitch.show(mode, model.map.readOnly !== null);
    showSelection(model, view.selection);
    clearTimeout(settling);
    settling = window.setTimeout(() => void settle(), settlingTime);
}

function showSelection(of: MapModel, selection: Extent | null): void {
    const counts = selection === null ? null : known.now(of, selection).counts;
    selectionBar.show(of, selection, counts, isStale);
    const target = selection === null ? { preventDefaultContextMenuItems: true } : menuTarget(of, selection, isStale);
    for (const { dataset } of [view.element, table.element, selectionBar.element]) dataset['vscodeContext'] = JSON.stringify(target);
}

async function settle(): Promise<void> {
    if (model === null) return;
    const { selection } = view;
    const { subject, addressSpace } = model.map;
    const place = model.layer === plainLayer ? view.place() : { ...view.place(), highlight: [] };
    host.setState({ ...place, subject, addressSpace, layer: plainLayer.id, mode, showsTable, table: table.state } satisfies ViewState);
    const range = selection === null ? null : toWire(selection);
    const written = JSON.stringify(range);
    if (written !== reportedSelection) post({ type: 'select', range });
    reportedSelection = written;
    // What the tiles do not tell of it.
    if (selection === null || isStale || known.now(model, selection).counts !== null) return;
    await known.all(model, selection);
    if (view.selection === selection) showSelection(model, selection);
}
