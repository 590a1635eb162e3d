/** The legend: each class that occurs, how it looks and how many bytes it has. An entry makes its class stand out. */
import { toHex } from '../common/address';
import type { MapClass } from '../common/mapLayer';
import { drawTile } from './cellTile';
import { countOf, sizeOf } from './describe';
import { element } from './dom';
import type { MapModel } from './mapModel';
import type { Palette } from './palette';

/** CSS pixels. */
const swatchSize = 12;

export class Legend {
    readonly element = element('div', 'legend');
    private readonly highlighted = new Set<number>();

    constructor(private readonly onHighlight: (classes: ReadonlySet<number>) => void) {
        this.element.setAttribute('role', 'group');
        this.element.setAttribute('aria-label', 'Legend: choose states to highlight');
    }

    highlight(classes: readonly number[]): void {
        this.highlighted.clear();
        for (const index of classes) this.highlighted.add(index);
    }

    draw(model: MapModel, palette: Palette): void {
        const focused = [...this.element.children].indexOf(document.activeElement as Element);
        const entries: HTMLElement[] = [];
        model.layer.classes.forEach((mapClass, index) => {
            const pages = model.totals[index] ?? 0;
            if (pages > 0) entries.push(this.makeEntry(mapClass, index, pages, palette));
            else this.highlighted.delete(index);
        });
        this.element.replaceChildren(...entries);
        entries[focused]?.focus();
    }

    private makeEntry(mapClass: MapClass, index: number, pages: number, palette: Palette): HTMLButtonElement {
        const { name, meaning } = mapClass;
        const entry = element('button', 'entry', makeSwatch(mapClass, palette), `${name} `, element('span', 'size', sizeOf(pages)));
        entry.type = 'button';
        entry.title = `${name}: ${toHex(pages * 4096)} bytes, ${countOf(pages)}. ${meaning}\nClick to highlight.`;
        entry.setAttribute('aria-pressed', String(this.highlighted.has(index)));
        entry.addEventListener('click', () => {
            if (!this.highlighted.delete(index)) this.highlighted.add(index);
            entry.setAttribute('aria-pressed', String(this.highlighted.has(index)));
            this.onHighlight(new Set(this.highlighted));
        });
        return entry;
    }
}

function makeSwatch(mapClass: MapClass, palette: Palette): HTMLCanvasElement {
    const swatch = element('canvas', 'swatch');
    const size = Math.round(swatchSize * devicePixelRatio);
    swatch.width = size;
    swatch.height = size;
    const context = swatch.getContext('2d');
    if (context !== null) drawTile(context, palette, mapClass, size, size);
    return swatch;
}
