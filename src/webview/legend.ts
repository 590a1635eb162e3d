/** The legend: each class that occurs, how it looks and how many bytes it has. An entry makes its class stand out. */
import { toHex } from '../common/address';
import { drawTile } from './cellTile';
import { countOf, sizeOf } from './describe';
import { element } from './dom';
import type { MapModel } from './mapModel';
import { classCount, classMeaning, className, type PageClass } from './pageClass';
import type { Palette } from './palette';

/** CSS pixels. */
const swatchSize = 12;

export class Legend {
    readonly element = element('div', 'legend');
    private readonly highlighted = new Set<PageClass>();

    constructor(private readonly onHighlight: (classes: ReadonlySet<PageClass>) => void) {
        this.element.setAttribute('role', 'group');
        this.element.setAttribute('aria-label', 'Legend: choose states to highlight');
    }

    highlight(classes: readonly PageClass[]): void {
        this.highlighted.clear();
        for (const pageClass of classes) this.highlighted.add(pageClass);
    }

    draw(model: MapModel, palette: Palette): void {
        const focused = [...this.element.children].indexOf(document.activeElement as Element);
        const entries: HTMLElement[] = [];
        for (let pageClass = 0; pageClass < classCount; pageClass++) {
            const pages = model.index.totals[pageClass] ?? 0;
            if (pages > 0) entries.push(this.makeEntry(pageClass, pages, palette));
            else this.highlighted.delete(pageClass);
        }
        this.element.replaceChildren(...entries);
        entries[focused]?.focus();
    }

    private makeEntry(pageClass: PageClass, pages: number, palette: Palette): HTMLButtonElement {
        const name = className(pageClass);
        const entry = element('button', 'entry', makeSwatch(pageClass, palette), `${name} `, element('span', 'size', sizeOf(pages)));
        entry.type = 'button';
        entry.title = `${name}: ${toHex(pages * 4096)} bytes, ${countOf(pages)}. ${classMeaning(pageClass)}\nClick to highlight.`;
        entry.setAttribute('aria-pressed', String(this.highlighted.has(pageClass)));
        entry.addEventListener('click', () => {
            if (!this.highlighted.delete(pageClass)) this.highlighted.add(pageClass);
            entry.setAttribute('aria-pressed', String(this.highlighted.has(pageClass)));
            this.onHighlight(new Set(this.highlighted));
        });
        return entry;
    }
}

function makeSwatch(pageClass: PageClass, palette: Palette): HTMLCanvasElement {
    const swatch = element('canvas', 'swatch');
    const size = Math.round(swatchSize * devicePixelRatio);
    swatch.width = size;
    swatch.height = size;
    const context = swatch.getContext('2d');
    if (context !== null) drawTile(context, palette, pageClass, size, size);
    return swatch;
}
