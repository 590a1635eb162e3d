/** The page map: builds the page, wires its parts to each other and to the extension host. */
import type { MapEvent } from '../common/mapProtocol';
import type { WireRange } from '../common/range';
import { CanvasRenderer } from './canvasRenderer';
import { rangeOf } from './describe';
import { button, element } from './dom';
import { parseDestination } from './goTo';
import { host, onHostEvent } from './host';
import { Legend } from './legend';
import { makeMapModel, type MapModel } from './mapModel';
import { MapView } from './mapView';
import { onThemeChange, readPalette } from './palette';
import { SelectionBar, toWire } from './selectionBar';
import { Status } from './status';
import { Toolbar } from './toolbar';
import { Tooltip } from './tooltip';
import { parseViewState } from './viewState';

/** The host hears of a selection, and the view is saved, when it has rested this long, in milliseconds. */
const settlingTime = 150;

let model: MapModel | null = null;
let palette = readPalette();
let settling = 0;
let isStale = false;
let reportedSelection = 'null';

const tooltip = new Tooltip((gpa) => host.postMessage({ type: 'explain', gpa }));
const view = new MapView(new CanvasRenderer(), tooltip, palette, {
    changed: showView,
    announce: (text) => (spoken.textContent = text),
    goTo: () => toolbar.focusGoTo(),
    copy: () => {
        if (view.selection !== null) host.postMessage({ type: 'copy', text: rangeOf(view.selection) });
    },
});
const toolbar = new Toolbar({
    refresh: () => host.postMessage({ type: 'refresh' }),
    zoom: (direction) => view.zoom(direction),
    fit: () => view.fit(),
    showAddressSpace: (addressSpace) => host.postMessage({ type: 'showAddressSpace', addressSpace }),
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
    convert: (range, to) => host.postMessage({ type: 'convert', range, to }),
    readMemory: (range) => host.postMessage({ type: 'readMemory', range }),
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
        case 'busy':
            progress.hidden = !event.busy;
            view.element.setAttribute('aria-busy', String(event.busy));
            break;
        case 'stale':
            showStale(event);
            break;
        case 'goTo':
            showRange(event.range);
            break;
        case 'explained':
            tooltip.addFacts(event.gpa, event.facts);
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

function showMap(event: MapModel['event']): void {
    const previous = model?.event;
    const isSameMap = previous?.vm === event.vm && previous.addressSpace === event.addressSpace;
    const first = { vm: event.vm, addressSpace: event.addressSpace, level: null, top: 0, cursor: null, selection: null, highlight: [] };
    const state = isSameMap ? null : (parseViewState(host.getState(), event.vm, event.addressSpace) ?? first);
    model = makeMapModel(event);
    showStale(null);
    empty.hidden = model.extents.length > 0;
    empty.textContent = 'This address space has no memslots: the guest has no memory here.';
    if (state !== null) legend.highlight(state.highlight);
    legend.draw(model, palette);
    toolbar.show(model);
    status.show(model);
    view.setModel(model, state);
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
    selectionBar.show(model, view.selection, isStale);
    clearTimeout(settling);
    settling = window.setTimeout(settle, settlingTime);
}

function settle(): void {
    if (model === null) return;
    host.setState(view.saveState(model.event.vm, model.event.addressSpace));
    const range = view.selection === null ? null : toWire(view.selection);
    const written = JSON.stringify(range);
    if (written !== reportedSelection) host.postMessage({ type: 'select', range });
    reportedSelection = written;
}
