/**
 * The legend: each class of the layer that occurs, how it looks and how many bytes it has. An entry makes its class
 * stand out and alone be listed; the buttons beside it lead to its previous and next run.
 */
import { toHex } from '../../common/address';
import type { MapLayer } from '../../common/mapLayer';
import { drawTile } from '../drawing/cellTile';
import { countOf, sizeOf } from './describe';
import { button, element } from '../dom';
import { t } from '../l10n';
import type { MapModel } from '../tiles/mapModel';
import type { Palette } from '../drawing/palette';

/** CSS pixels. */
const swatchSize = 12;

export interface LegendEvents {
    highlighted(classes: ReadonlySet<number>): void;
    /** Go to the run of this class that is next to where the user is. */
    step(pageClass: number, direction: 1 | -1): void;
}

export class Legend {
    readonly element = element('div', 'legend');
    private readonly highlighted = new Set<number>();
    /** The class whose entry the Tab key comes to. */
    private focused = -1;

    constructor(private readonly events: LegendEvents) {
        this.element.setAttribute('role', 'toolbar');
        this.element.addEventListener('keydown', (event) => this.onKey(event));
    }

    highlight(classes: Iterable<number>): void {
        this.highlighted.clear();
        for (const pageClass of classes) this.highlighted.add(pageClass);
    }

    /** The classes that stand out; those that do not occur any more are none of them. */
    get classes(): ReadonlySet<number> {
        return new Set(this.highlighted);
    }

    draw({ layer, totals: counts }: MapModel, palette: Palette): void {
        const hadFocus = this.element.contains(document.activeElement);
        const occurring = [...counts.keys()].filter((pageClass) => (counts[pageClass] ?? 0) > 0);
        for (const pageClass of this.highlighted) if (!occurring.includes(pageClass)) this.highlighted.delete(pageClass);
        if (!occurring.includes(this.focused)) this.focused = occurring[0] ?? -1;
        this.element.setAttribute('aria-label', t('Legend of {0}: choose what to highlight', t(layer.name)));
        this.element.replaceChildren(...occurring.map((pageClass) => this.makeEntry(layer, pageClass, counts[pageClass] ?? 0, palette)));
        if (hadFocus) this.buttonOf(this.focused)?.focus();
    }

    private makeEntry(layer: MapLayer, pageClass: number, pages: number, palette: Palette): HTMLElement {
        const { name, meaning } = layer.classes[pageClass] ?? { name: '', meaning: '' };
        const toggle = button('entry', '', () => this.toggle(pageClass, toggle));
        toggle.append(makeSwatch(layer, pageClass, palette), element('span', '', t(name)), ' ', element('span', 'size', sizeOf(pages)));
        toggle.dataset['class'] = String(pageClass);
        toggle.title = `${t('{0}: {1} bytes, {2}.', t(name), `${(pages * 4096).toLocaleString()} (${toHex(pages * 4096)})`, countOf(pages))} ${t(meaning)}\n${t('Click to highlight; the arrow keys up and down lead to the previous and the next one.')}`;
        toggle.tabIndex = pageClass === this.focused ? 0 : -1;
        toggle.setAttribute('aria-pressed', String(this.highlighted.has(pageClass)));
        toggle.setAttribute('aria-keyshortcuts', 'ArrowUp ArrowDown');
        const step = (symbol: string, direction: 1 | -1, label: string) => {
            const made = button('step', symbol, () => this.events.step(pageClass, direction));
            made.title = label;
            made.tabIndex = -1;
            made.setAttribute('aria-label', label);
            return made;
        };
        const previous = step('‹', -1, t('Previous: {0}', t(name)));
        return element('span', 'legendItem', toggle, previous, step('›', 1, t('Next: {0}', t(name))));
    }

    private toggle(pageClass: number, entry: HTMLElement): void {
        if (!this.highlighted.delete(pageClass)) this.highlighted.add(pageClass);
        entry.setAttribute('aria-pressed', String(this.highlighted.has(pageClass)));
        this.events.highlighted(this.classes);
    }

    private onKey(event: KeyboardEvent): void {
        const entries = [...this.element.querySelectorAll<HTMLElement>('.entry')];
        const at = entries.findIndex((entry) => entry === event.target);
        const entry = entries[at];
        if (entry === undefined) return;
        const pageClass = Number(entry.dataset['class']);
        if (event.key === 'ArrowUp') this.events.step(pageClass, -1);
        else if (event.key === 'ArrowDown') this.events.step(pageClass, 1);
        else if (event.key === 'ArrowLeft') this.moveFocus(entries, at - 1);
        else if (event.key === 'ArrowRight') this.moveFocus(entries, at + 1);
        else return;
        event.preventDefault();
    }

    private moveFocus(entries: readonly HTMLElement[], to: number): void {
        const target = entries[(to + entries.length) % entries.length];
        this.focused = Number(target?.dataset['class'] ?? -1);
        for (const entry of entries) entry.tabIndex = entry === target ? 0 : -1;
        target?.focus();
    }

    private buttonOf(pageClass: number): HTMLElement | null {
        return this.element.querySelector<HTMLElement>(`[data-class="${pageClass}"]`);
    }
}

function makeSwatch(layer: MapLayer, pageClass: number, palette: Palette): HTMLCanvasElement {
    const swatch = element('canvas', 'swatch');
    const size = Math.round(swatchSize * devicePixelRatio);
    swatch.width = size;
    swatch.height = size;
    const context = swatch.getContext('2d');
    const look = layer.classes[pageClass];
    if (context !== null && look !== undefined) drawTile(context, palette, look, size, size);
    return swatch;
}
