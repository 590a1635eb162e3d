/** The bar above the map: which VM and address space, go to an address, zoom, refresh. */
import type { MapLayer } from '../../common/mapLayer';
import { findLayer, layersFor } from '../../common/mapLayers';
import { sizeOf } from './describe';
import { button, element } from '../dom';
import { GoToBox, type GoToCommands } from './goToBox';
import { t } from '../l10n';
import { layoutKinds, type LayoutKind } from '../layout/layout';
import type { MapModel } from '../tiles/mapModel';

export interface ToolbarCommands extends GoToCommands {
    refresh(): void;
    zoom(direction: 1 | -1): void;
    fit(): void;
    showAddressSpace(addressSpace: number): void;
    showLayer(layer: MapLayer): void;
    setLayout(kind: LayoutKind): void;
    showTable(isShown: boolean): void;
}

const layoutNames: Record<LayoutKind, string> = { rows: 'Rows', hilbert: 'Hilbert Curve' };

export class Toolbar {
    private readonly title = element('h1', '');
    private readonly addressSpaces = element('select', '');
    private readonly layers = element('select', '');
    private readonly layouts = element('select', '');
    private readonly scale = element('output', 'scale');
    private readonly table: HTMLButtonElement;
    private readonly zoomIn: HTMLButtonElement;
    private readonly zoomOut: HTMLButtonElement;
    private readonly zoom: HTMLElement;
    readonly goTo: GoToBox;
    readonly element: HTMLElement;

    /** `others` are further controls of which state of the map is shown. */
    constructor(commands: ToolbarCommands, ...others: readonly HTMLElement[]) {
        this.addressSpaces.hidden = true;
        this.addressSpaces.setAttribute('aria-label', t('Address space'));
        this.addressSpaces.addEventListener('change', () => commands.showAddressSpace(Number(this.addressSpaces.value)));
        this.layers.title = t('What the colours tell');
        this.layers.setAttribute('aria-label', t('Layer: what the colours tell'));
        this.layers.addEventListener('change', () => {
            const layer = findLayer(this.layers.value);
            if (layer !== undefined) commands.showLayer(layer);
        });
        this.layouts.title = t('How the pages lie on the map');
        this.layouts.setAttribute('aria-label', t('Layout: how the pages lie on the map'));
        this.layouts.append(...layoutKinds.map((kind) => new Option(t(layoutNames[kind]), kind)));
        this.layouts.addEventListener('change', () => {
            const kind = layoutKinds.find((one) => one === this.layouts.value);
            if (kind !== undefined) commands.setLayout(kind);
        });
        this.zoomOut = named(button('icon', '−', () => commands.zoom(-1)), t('Zoom out (−)'));
        this.zoomIn = named(button('icon', '+', () => commands.zoom(1)), t('Zoom in (+)'));
        this.zoom = element('div', 'group', this.zoomOut, this.scale, this.zoomIn, named(button('', t('Fit'), () => commands.fit()), t('Fit the whole guest (0)')));
        this.zoom.setAttribute('role', 'group');
        this.zoom.setAttribute('aria-label', t('Zoom'));
        const isTable = () => this.table.getAttribute('aria-pressed') === 'true';
        this.table = named(button('toggle', t('Table'), () => commands.showTable(!isTable())), t('Show the runs of pages as a table (T)'));
        const refresh = named(button('', t('Refresh'), () => commands.refresh()), t('Read the map again'));
        this.goTo = new GoToBox(commands);
        this.element = element(
            'header',
            'toolbar',
            element('div', 'subject', this.title, this.addressSpaces),
            element('div', 'controls states', refresh, ...others),
            element('div', 'controls', this.goTo.element, this.layers, this.layouts, this.table, this.zoom),
        );
    }

    show(model: MapModel): void {
        const { origin, title, addressSpace, addressSpaces } = model.map;
        this.title.textContent = title;
        this.title.title = title;
        this.layers.replaceChildren(...layersFor(origin).map(({ id, name }) => new Option(t(name), id, false, id === model.layer.id)));
        this.addressSpaces.hidden = addressSpaces.length < 2;
        this.addressSpaces.replaceChildren(...addressSpaces.map((id) => new Option(t('Address space {0}', id), String(id), false, id === addressSpace)));
    }

    showZoom(layout: LayoutKind, cellPages: number, canZoomIn: boolean, canZoomOut: boolean): void {
        this.layouts.value = layout;
        this.scale.textContent = cellPages === 1 ? t('1 cell = 1 page') : t('1 cell = {0}', sizeOf(cellPages));
        this.zoomIn.disabled = !canZoomIn;
        this.zoomOut.disabled = !canZoomOut;
    }

    showTable(isShown: boolean): void {
        this.table.setAttribute('aria-pressed', String(isShown));
        this.zoom.hidden = isShown;
        this.layouts.hidden = isShown;
    }
}

function named(target: HTMLButtonElement, name: string): HTMLButtonElement {
    target.title = name;
    target.setAttribute('aria-label', name);
    return target;
}
