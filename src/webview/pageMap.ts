/** The page map: builds the page, wires its parts to each other and to the extension host. */
import type { MapLayer } from '../common/mapLayer';
import { findLayer, layersFor } from '../common/mapLayers';
import type { MapEvent, ShownMap } from '../common/mapMessages';
import type { Extent } from '../common/openedMap';
import type { WireRange } from '../common/range';
import { stateLayer } from '../common/layers/stateLayer';
import { CanvasRenderer } from './canvasRenderer';
import { rangeOf, toGpa } from './describe';
import { button, element } from './dom';
import { parseDestination } from './goTo';
import { host, onHostEvent } from './host';
import { KnownPages } from './knownPages';
import { Legend } from './legend';
import { makeMapModel, withLayer, type MapModel } from './mapModel';
import { MapView } from './mapView';
import { onThemeChange, readPalette } from './palette';
import { Questions } from './questions';
import { SelectionBar, toWire } from './selectionBar';
import { Status } from './status';
import { TileCache } from './tileCache';
import { Toolbar } from './toolbar';
import { Tooltip } from './tooltip';
import { firstPlace, parseViewState, type MapPlace, type ViewState } from './viewState';

/** The host hears of a selection, and the view is saved, when it has rested this long, in milliseconds. */
const settlingTime = 150;

let model: MapModel | null = null;
let palette = readPalette();
let settling = 0;
let isStale = false;
let reportedSelection = 'null';

const questions = new Questions((question, generation, about) => host.postMessage({ type: 'ask', question, generation, about }));
const tiles = new TileCache((request) => host.postMessage({ type: 'tiles', ...request }));
const known: KnownPages = new KnownPages(tiles, questions, () => view.camera.layout?.level ?? 0);
const tooltip = new Tooltip({
    now: (of, extent) => known.now(of, extent),
    all: (of, extent) => known.all(of, extent),
    explain: async (gfn) => (await questions.ask({ type: 'explain', gpa: toGpa(gfn) }))?.facts ?? null,
});
const view = new MapView({ renderer: new CanvasRenderer(), tiles, known, tooltip }, palette, {
    changed: showView,
    announce: (text) => (spoken.textContent = text),
    goTo: () => toolbar.focusGoTo(),
    copy: () => {
        if (view.selection !== null) host.postMessage({ type: 'copy', text: rangeOf(view.selection) });
    },
    find: async (classes, gfn, direction) => {
        const layer = model?.layer.id;
        return layer === undefined ? null : ((await questions.ask({ type: 'find', layer, classes, gfn, direction }))?.extent ?? null);
    },
});
const toolbar = new Toolbar({
    refresh: () => host.postMessage({ type: 'refresh' }),
    zoom: (direction) => view.zoom(direction),
    fit: () => view.fit(),
    showAddressSpace: (addressSpace) => host.postMessage({ type: 'showAddressSpace', addressSpace }),
    showLayer,
    goTo: (text) => {
        if (model === null) return 'There is no map yet.';
        const destination = parseDestination(model, text);
        if ('problem' in destination) return destination.problem;
        view.goTo(destination.extent, destination.select);
        return null;
    },
});
const legend = new Legend((classes) => view.setHighlight(classes));
const status = new Status();
const selectionBar = new SelectionBar({
    act: (action, range) => host.postMessage({ type: 'act', action, range }),
    copy: (text) => host.postMessage({ type: 'copy', text }),
});
const progress = element('div', 'progress');
const notice = element('div', 'notice');
const empty = element('div', 'empty', 'Reading the page map…');
const spoken = element('div', 'spoken');

progress.setAttribute('role', 'progressbar');
progress.setAttribute('aria-label', 'Reading the map');
notice.setAttribute('role', 'status');
spoken.setAttribute('aria-live', 'polite');
progress.hidden = true;
notice.hidden = true;
view.element.append(empty);
document.body.append(progress, toolbar.element, notice, legend.element, view.element, selectionBar.element, status.element, spoken);

onThemeChange(() => {
    palette = readPalette();
    view.setPalette(palette);
    if (model !== null) legend.draw(model, palette);
});
onHostEvent(receive);
host.postMessage({ type: 'ready' });

function receive(event: MapEvent): void {
    switch (event.type) {
        case 'map':
            showMap(event);
            break;
        case 'tiles':
            tiles.receive(event.generation, event.layer, event.tiles);
            view.tilesChanged();
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
    }
}

/** What a hover or a tree led to. */
function showRange(range: WireRange): void {
    if (model === null) return;
    const text = `${range.gpa}+${range.size}`;
    const destination = parseDestination(model, text);
    if ('extent' in destination) view.goTo(destination.extent, true);
    // Nobody typed it, so nobody leaves the field: it is where the keyboard goes on.
    else toolbar.focusGoTo();
    toolbar.showProblem(text, 'problem' in destination ? destination.problem : null);
}

function showMap({ map, changed }: Extract<MapEvent, { type: 'map' }>): void {
    const previous = model?.map;
    const isSameMap = previous?.subject === map.subject && previous.addressSpace === map.addressSpace;
    const saved = parseViewState(host.getState());
    const isSaved = saved?.subject === map.subject && saved.addressSpace === map.addressSpace;
    const layer = layerFor(map, previous, model?.layer ?? findLayer(saved?.layer ?? ''));
    const place = isSameMap ? null : isSaved ? saved : firstPlace;
    questions.setGeneration(map.generation);
    known.forget();
    tiles.setGeneration(map.generation, changed, isSameMap);
    showModel(makeMapModel(map, layer), place);
    showStale(null);
}

/** A comparison begins with what differs; else the layer stays while the map has it. */
function layerFor(map: ShownMap, previous: ShownMap | undefined, wanted: MapLayer | undefined): MapLayer {
    const offered = layersFor(map.origin);
    if (map.origin === 'comparison' && previous?.origin !== map.origin) return offered.find(({ onlyFor }) => onlyFor === map.origin) ?? stateLayer;
    return wanted !== undefined && offered.includes(wanted) ? wanted : stateLayer;
}

function showLayer(layer: MapLayer): void {
    if (model === null) return;
    known.forget();
    showModel(withLayer(model, layer), { ...view.place(), highlight: [] });
}

/** `place` is where to look; null = where one looks now. */
function showModel(next: MapModel, place: MapPlace | null): void {
    model = next;
    empty.hidden = next.extents.length > 0;
    empty.textContent = 'This address space has no memslots: the guest has no memory here.';
    if (place !== null) legend.highlight(place.highlight);
    legend.draw(next, palette);
    toolbar.show(next);
    status.show(next);
    view.setModel(next, place);
    showView();
}

/** Null = the map is current. */
function showStale(stale: Extract<MapEvent, { type: 'stale' }> | null): void {
    isStale = stale !== null;
    if (isStale && model === null) empty.hidden = true;
    notice.hidden = !isStale;
    const remedies = stale?.remedies.map((label) => button('', label, () => host.postMessage({ type: 'remedy', label }))) ?? [];
    notice.replaceChildren(element('span', '', stale?.message ?? ''), element('div', 'actions', ...remedies));
    document.body.classList.toggle('stale', isStale);
    showView();
}

/** Brings the bars up to date with the view, and saves the view when it has come to rest. */
function showView(): void {
    if (model === null) return;
    const { cellPages, canZoomIn, canZoomOut } = view.camera;
    toolbar.showZoom(cellPages, canZoomIn, canZoomOut);
    showSelection(model, view.selection);
    clearTimeout(settling);
    settling = window.setTimeout(() => void settle(), settlingTime);
}

function showSelection(of: MapModel, selection: Extent | null): void {
    const counts = selection === null ? null : known.now(of, selection).counts;
    selectionBar.show(of, selection, counts, isStale);
}

async function settle(): Promise<void> {
    if (model === null) return;
    const { selection } = view;
    const { map, layer } = model;
    host.setState({ ...view.place(), subject: map.subject, addressSpace: map.addressSpace, layer: layer.id } satisfies ViewState);
    const range = selection === null ? null : toWire(selection);
    const written = JSON.stringify(range);
    if (written !== reportedSelection) host.postMessage({ type: 'select', range });
    reportedSelection = written;
    // What the tiles do not tell of it.
    if (selection === null || isStale || known.now(model, selection).counts !== null) return;
    await known.all(model, selection);
    if (view.selection === selection) showSelection(model, selection);
}
