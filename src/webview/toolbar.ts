/** The bar above the map: which VM and address space, go to an address, zoom, refresh. */
import type { MapLayer } from '../common/mapLayer';
import { findLayer, layersFor } from '../common/mapLayers';
import { sizeOf } from './describe';
import { button, element } from './dom';
import type { MapModel } from './mapModel';

export interface ToolbarCommands {
    refresh(): void;
    zoom(direction: 1 | -1): void;
    fit(): void;
    showAddressSpace(addressSpace: number): void;
    showLayer(layer: MapLayer): void;
    /** Returns what is wrong with the text, or null after going there. */
    goTo(text: string): string | null;
}

export class Toolbar {
    private readonly title = element('h1', '');
    private readonly addressSpaces = element('select', '');
    private readonly layers = element('select', '');
    private readonly address = element('input', '');
    private readonly problem = element('div', 'problem');
    private readonly scale = element('output', 'scale');
    private readonly zoomIn: HTMLButtonElement;
    private readonly zoomOut: HTMLButtonElement;
    readonly element: HTMLElement;

    constructor(commands: ToolbarCommands) {
        this.addressSpaces.hidden = true;
        this.addressSpaces.setAttribute('aria-label', 'Address space');
        this.addressSpaces.addEventListener('change', () => commands.showAddressSpace(Number(this.addressSpaces.value)));
        this.layers.title = 'What the colours tell';
        this.layers.setAttribute('aria-label', 'Layer: what the colours tell');
        this.layers.addEventListener('change', () => {
            const layer = findLayer(this.layers.value);
            if (layer !== undefined) commands.showLayer(layer);
        });
        this.zoomOut = named(button('icon', '−', () => commands.zoom(-1)), 'Zoom out (−)');
        this.zoomIn = named(button('icon', '+', () => commands.zoom(1)), 'Zoom in (+)');
        const zoom = element('div', 'group', this.zoomOut, this.scale, this.zoomIn, named(button('', 'Fit', () => commands.fit()), 'Fit the whole guest (0)'));
        zoom.setAttribute('role', 'group');
        zoom.setAttribute('aria-label', 'Zoom');
        const refresh = named(button('', 'Refresh', () => commands.refresh()), 'Read the map again');
        this.element = element(
            'header',
            'toolbar',
            element('div', 'subject', this.title, this.addressSpaces),
            element('div', 'controls', this.makeGoTo(commands), this.layers, zoom, refresh),
        );
    }

    show(model: MapModel): void {
        const { origin, title, addressSpace, addressSpaces } = model.map;
        this.title.textContent = title;
        this.title.title = title;
        this.layers.replaceChildren(...layersFor(origin).map(({ id, name }) => new Option(name, id, false, id === model.layer.id)));
        this.addressSpaces.hidden = addressSpaces.length < 2;
        this.addressSpaces.replaceChildren(...addressSpaces.map((id) => new Option(`Address space ${id}`, String(id), false, id === addressSpace)));
    }

    showZoom(cellPages: number, canZoomIn: boolean, canZoomOut: boolean): void {
        this.scale.textContent = cellPages === 1 ? '1 cell = 1 page' : `1 cell = ${sizeOf(cellPages)}`;
        this.zoomIn.disabled = !canZoomIn;
        this.zoomOut.disabled = !canZoomOut;
    }

    /** Says why `text`, which somebody else asked for, cannot be gone to; null takes an earlier answer away. */
    showProblem(text: string, problem: string | null): void {
        if (problem !== null) this.address.value = text;
        this.setProblem(problem);
    }

    focusGoTo(): void {
        this.address.focus();
        this.address.select();
    }

    private makeGoTo(commands: ToolbarCommands): HTMLElement {
        const { address, problem } = this;
        address.type = 'text';
        address.spellcheck = false;
        address.placeholder = 'Go to GPA or GPA+SIZE';
        address.setAttribute('aria-label', 'Go to a guest physical address, or a range GPA+SIZE');
        address.setAttribute('aria-describedby', 'goToProblem');
        problem.id = 'goToProblem';
        problem.setAttribute('role', 'alert');
        this.setProblem(null);
        address.addEventListener('input', () => this.setProblem(null));
        address.addEventListener('blur', () => this.setProblem(null));
        address.addEventListener('keydown', (event) => {
            if (event.key === 'Enter') this.setProblem(commands.goTo(address.value));
            if (event.key === 'Escape') this.setProblem(null);
        });
        return element('div', 'goTo', address, problem);
    }

    private setProblem(text: string | null): void {
        this.problem.textContent = text ?? '';
        this.problem.hidden = text === null;
        this.address.setAttribute('aria-invalid', String(text !== null));
    }
}

function named(target: HTMLButtonElement, name: string): HTMLButtonElement {
    target.title = name;
    target.setAttribute('aria-label', name);
    return target;
}
