/**
 * The runs of the map as a table: for who wants to read, sort and search them, and for screen readers. A grid of which
 * only the rows in sight exist; the focus stays on the grid and aria-activedescendant names the current row.
 */
import type { MapLayer } from '../../common/mapLayer';
import type { Extent, RunOrder } from '../../common/openedMap';
import { countOf, sizeOf } from '../controls/describe';
import { button, element } from '../dom';
import { isMenuKey } from '../view/keyboard';
import { t } from '../l10n';
import type { RunColumn } from './runColumns';
import type { RunRows, TableRow } from './runRows';
import { ScrollArea } from '../layout/scrollArea';

/** CSS pixels; the style sheet has the same. */
const rowHeight = 24;
/** Rows that are copied at once. */
const mostCopied = 1000;

export interface RunTableEvents {
    /** The current row, as a selection. */
    selected(extent: Extent): void;
    /** Show it on the map. */
    opened(extent: Extent): void;
    copy(text: string): void;
    /** Back to the map. */
    closed(): void;
    /** What can be done with the current row's pages, as a menu at a point of the window. */
    openMenu(x: number, y: number): void;
    sorted(order: RunOrder, descending: boolean): void;
}

export interface TableShape {
    readonly layer: MapLayer;
    readonly columns: readonly RunColumn[];
    readonly order: RunOrder;
    readonly descending: boolean;
}

export class RunTable {
    private readonly head = element('div', 'row head');
    private readonly area = new ScrollArea(() => this.requestDraw());
    private readonly layer = element('div', 'rows');
    private readonly grid: HTMLElement;
    private readonly summary = element('output', 'summary');
    private readonly nothing = element('div', 'empty', t('No run is like that. Take the filter away, or the highlight in the legend.'));
    readonly element: HTMLElement;
    private shape: TableShape | null = null;
    private drawn: HTMLElement[] = [];
    /** The current row and the other end of those that are marked. */
    private current = 0;
    private anchor = 0;
    /** Somebody moved to a row that may not be there yet. */
    private isMoved = false;
    private frameRequest = 0;

    constructor(
        private readonly rows: RunRows,
        private readonly events: RunTableEvents,
    ) {
        const { area, layer, head } = this;
        area.element.prepend(layer);
        area.element.tabIndex = -1;
        area.element.setAttribute('role', 'rowgroup');
        head.setAttribute('role', 'row');
        head.setAttribute('aria-rowindex', '1');
        const header = element('div', 'header', head);
        header.setAttribute('role', 'rowgroup');
        this.grid = element('div', 'grid', header, area.element);
        this.grid.tabIndex = 0;
        this.grid.setAttribute('role', 'grid');
        this.grid.setAttribute('aria-label', t('Runs of pages'));
        this.grid.setAttribute('aria-multiselectable', 'true');
        this.grid.addEventListener('keydown', (event) => this.onKey(event));
        layer.addEventListener('mousedown', (event) => this.onPress(event));
        layer.addEventListener('dblclick', () => this.open());
        this.element = element('section', 'runTable', this.grid, this.nothing, this.summary);
        this.element.setAttribute('aria-label', t('Table of runs'));
        new ResizeObserver(() => this.requestDraw()).observe(area.element);
    }

    /** Other columns or another order; the rows are told separately. */
    setShape(shape: TableShape): void {
        this.shape = shape;
        this.head.replaceChildren(...shape.columns.map((column) => this.makeHeading(column, shape)));
        this.grid.setAttribute('aria-colcount', String(shape.columns.length));
        this.requestDraw();
    }

    /** To the first row, for other rows than before. */
    restart(): void {
        this.current = this.anchor = 0;
        this.area.scrollTo(0, 0);
        this.requestDraw();
    }

    focus(): void {
        this.grid.focus();
    }

    /** Of the current row; null while it is not there. */
    get currentExtent(): Extent | null {
        return this.shape === null ? null : (this.rows.at(this.current, this.shape.layer)?.extent ?? null);
    }

    requestDraw(): void {
        this.frameRequest ||= requestAnimationFrame(() => this.draw());
    }

    private draw(): void {
        this.frameRequest = 0;
        const { shape, rows, area } = this;
        if (shape === null || this.element.hidden) return;
        this.current = Math.min(this.current, Math.max(0, rows.total - 1));
        area.setContent(0, rows.total * rowHeight);
        // What was scrolled beyond the end of fewer rows comes back.
        area.scrollTo(0, area.top);
        const first = Math.floor(area.top / rowHeight);
        const end = Math.min(rows.total, Math.ceil((area.top + area.height) / rowHeight));
        rows.want(first, end);
        this.grid.setAttribute('aria-rowcount', String(rows.total + 1));
        this.nothing.hidden = rows.total > 0;
        this.summary.textContent = [
            rows.total === 1 ? t('1 run') : t('{0} runs', rows.total.toLocaleString()),
            sizeOf(rows.totalPages),
            countOf(rows.totalPages),
        ].join(', ');
        while (this.drawn.length < end - first) this.drawn.push(makeRow());
        this.drawn.length = Math.max(0, end - first);
        this.layer.replaceChildren(...this.drawn);
        this.drawn.forEach((target, i) => this.fillRow(target, shape, first + i, (first + i) * rowHeight - area.top));
        if (this.drawn.some((row) => row.id === rowId(this.current))) this.grid.setAttribute('aria-activedescendant', rowId(this.current));
        else this.grid.removeAttribute('aria-activedescendant');
        this.report();
    }

    private fillRow(target: HTMLElement, { layer, columns }: TableShape, index: number, top: number): void {
        const row = this.rows.at(index, layer);
        target.id = rowId(index);
        target.dataset['index'] = String(index);
        target.style.transform = `translateY(${top}px)`;
        target.setAttribute('aria-rowindex', String(index + 2));
        target.setAttribute('aria-selected', String(this.isMarked(index)));
        target.classList.toggle('current', index === this.current);
        while (target.childElementCount > columns.length) target.lastElementChild?.remove();
        columns.forEach((column, i) => {
            const words = row === null ? '…' : column.words(row);
            const cell = target.children[i] ?? target.appendChild(makeCell(i));
            if (cell.textContent === words) return;
            cell.textContent = words;
            cell.setAttribute('title', words);
        });
    }

    private makeHeading(column: RunColumn, { order, descending }: TableShape): HTMLElement {
        const by = column.order;
        const isSorted = by !== null && by === order;
        const label = by === null ? column.label : button('', column.label, () => this.events.sorted(by, isSorted && !descending));
        const heading = element('div', 'cell', label);
        heading.setAttribute('role', 'columnheader');
        if (by !== null) heading.setAttribute('aria-sort', isSorted ? (descending ? 'descending' : 'ascending') : 'none');
        return heading;
    }

    private onPress(event: MouseEvent): void {
        const row = (event.target as Element).closest<HTMLElement>('[data-index]');
        if (row === null) return;
        this.moveTo(Number(row.dataset['index']), event.shiftKey);
    }

    private onKey(event: KeyboardEvent): void {
        if (event.target !== this.grid || event.altKey) return;
        const screen = Math.max(1, Math.floor(this.area.height / rowHeight) - 1);
        const targets: Readonly<Record<string, number>> = {
            ArrowUp: this.current - 1,
            ArrowDown: this.current + 1,
            PageUp: this.current - screen,
            PageDown: this.current + screen,
            Home: 0,
            End: this.rows.total - 1,
        };
        const target = targets[event.key];
        if (target !== undefined) this.moveTo(target, event.shiftKey);
        else if (isMenuKey(event)) this.openMenu();
        else if (event.key === 'Enter') this.open();
        else if (event.key === 't' && !event.ctrlKey && !event.metaKey) this.events.closed();
        else if (event.key === 'c' && (event.ctrlKey || event.metaKey)) void this.copy();
        else return;
        event.preventDefault();
    }

    private moveTo(index: number, extend: boolean): void {
        if (this.rows.total === 0) return;
        this.current = Math.min(Math.max(index, 0), this.rows.total - 1);
        if (!extend) this.anchor = this.current;
        const top = this.current * rowHeight;
        const { area } = this;
        if (top < area.top) area.scrollTo(0, top);
        else if (top + rowHeight > area.top + area.height) area.scrollTo(0, top + rowHeight - area.height);
        this.isMoved = true;
        this.report();
        this.requestDraw();
    }

    /** Tells of the row that was moved to, once it is there. */
    private report(): void {
        const { currentExtent } = this;
        if (!this.isMoved || currentExtent === null) return;
        this.isMoved = false;
        this.events.selected(currentExtent);
    }

    private openMenu(): void {
        const row = this.drawn.find(({ id }) => id === rowId(this.current));
        if (row === undefined || this.currentExtent === null) return;
        this.isMoved = true;
        this.report();
        const { left, bottom } = row.getBoundingClientRect();
        this.events.openMenu(left, bottom);
    }

    private open(): void {
        const { currentExtent } = this;
        if (currentExtent !== null) this.events.opened(currentExtent);
    }

    private isMarked(index: number): boolean {
        return index >= Math.min(this.current, this.anchor) && index <= Math.max(this.current, this.anchor);
    }

    /** The marked rows with their headings, as a spreadsheet takes them. */
    private async copy(): Promise<void> {
        const { shape } = this;
        if (shape === null) return;
        const first = Math.min(this.current, this.anchor);
        const end = Math.min(Math.max(this.current, this.anchor) + 1, first + mostCopied);
        const rows = await this.rows.read(first, end, shape.layer);
        if (rows === null) return;
        const line = (row: TableRow) => shape.columns.map((column) => column.words(row)).join('\t');
        this.events.copy([shape.columns.map(({ label }) => label).join('\t'), ...rows.map(line)].join('\n'));
    }
}

const rowId = (index: number): string => `run${index}`;

function makeRow(): HTMLElement {
    const row = element('div', 'row');
    row.setAttribute('role', 'row');
    return row;
}

function makeCell(column: number): HTMLElement {
    const cell = element('div', 'cell');
    cell.setAttribute('role', 'gridcell');
    cell.setAttribute('aria-colindex', String(column + 1));
    return cell;
}
