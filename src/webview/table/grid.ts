/**
 * A table of any length, for who wants to read, sort and search, and for screen readers. A grid of which only the rows in
 * sight exist; the focus stays on the grid and aria-activedescendant names the current row.
 */
import { button, element } from '../dom';
import { ScrollArea } from '../layout/scrollArea';
import { isMenuKey } from '../view/keyboard';

/** CSS pixels; the style sheet has the same. */
const rowHeight = 24;
/** Rows that are copied at once. */
const mostCopied = 1000;

export interface GridRows<Row> {
    readonly total: number;
    /** Says which rows are in sight, [first, end). */
    want(first: number, end: number): void;
    /** Null while the row is not there yet. */
    at(index: number): Row | null;
    /** Rows [first, end), from the agent where they are not here; null when it did not give them all. */
    read(first: number, end: number): Promise<Row[] | null>;
}

export interface GridColumn<Row> {
    readonly label: string;
    words(row: Row): string;
    /** What lies under the pointer; else the words. */
    hint?(row: Row): string;
    /** For the style sheet: `data-tone` of the cell. */
    tone?(row: Row): string;
    /** How the table is sorted by it, and what its heading does; without it the table cannot be. */
    readonly sorting?: { readonly now: 'ascending' | 'descending' | 'none'; toggle(): void };
}

export interface GridEvents<Row> {
    /** This is the current row now. */
    moved(row: Row): void;
    /** Enter, or a double click. */
    opened(row: Row): void;
    copy(text: string): void;
    /** What can be done with the current row, as a menu at a point of the window. */
    openMenu(x: number, y: number): void;
    /** A key that the grid itself has no use for; true = it is used up. */
    key?(event: KeyboardEvent): boolean;
    /** The user scrolled or moved, and so came to the end or left it. */
    scrolled?(isAtEnd: boolean): void;
    drawn?(): void;
}

export class Grid<Row> {
    private readonly head = element('div', 'row head');
    private readonly area: ScrollArea;
    private readonly layer = element('div', 'rows');
    readonly element: HTMLElement;
    private columns: readonly GridColumn<Row>[] = [];
    private shown: HTMLElement[] = [];
    /** The current row and the other end of those that are marked. */
    private current = 0;
    private anchor = 0;
    /** Somebody moved to a row that may not be there yet. */
    private isMoved = false;
    private frameRequest = 0;

    constructor(
        label: string,
        private readonly rows: GridRows<Row>,
        private readonly events: GridEvents<Row>,
    ) {
        const { layer, head } = this;
        const area = (this.area = new ScrollArea(() => {
            events.scrolled?.(this.isAtEnd);
            this.requestDraw();
        }));
        area.element.prepend(layer);
        area.element.tabIndex = -1;
        area.element.setAttribute('role', 'rowgroup');
        head.setAttribute('role', 'row');
        head.setAttribute('aria-rowindex', '1');
        const header = element('div', 'header', head);
        header.setAttribute('role', 'rowgroup');
        this.element = element('div', 'grid', header, area.element);
        this.element.tabIndex = 0;
        this.element.setAttribute('role', 'grid');
        this.element.setAttribute('aria-label', label);
        this.element.setAttribute('aria-multiselectable', 'true');
        this.element.addEventListener('keydown', (event) => this.onKey(event));
        layer.addEventListener('mousedown', (event) => this.onPress(event));
        layer.addEventListener('dblclick', () => this.open());
        new ResizeObserver(() => this.requestDraw()).observe(area.element);
    }

    /** The rows are told separately. */
    setColumns(columns: readonly GridColumn<Row>[]): void {
        this.columns = columns;
        this.head.replaceChildren(...columns.map(makeHeading));
        this.element.setAttribute('aria-colcount', String(columns.length));
        this.requestDraw();
    }

    /** To the first row, for other rows than before. */
    restart(): void {
        this.current = this.anchor = 0;
        this.area.scrollTo(0, 0);
        this.requestDraw();
    }

    /** Has this row at the top, where there are enough after it. */
    showRow(index: number): void {
        this.current = this.anchor = Math.min(Math.max(index, 0), Math.max(0, this.rows.total - 1));
        this.area.setContent(0, this.rows.total * rowHeight);
        this.area.scrollTo(0, this.current * rowHeight);
        this.isMoved = true;
        this.requestDraw();
    }

    /** So many rows at the begin are no more, and all others have moved up: what is in sight and marked stays where it is. */
    dropFirst(rows: number): void {
        if (rows === 0) return;
        // Somebody is told of another row where the current one is gone.
        this.isMoved ||= this.current < rows && this.current > 0;
        this.current = Math.max(0, this.current - rows);
        this.anchor = Math.max(0, this.anchor - rows);
        this.area.scrollTo(this.area.left, this.area.top - rows * rowHeight);
        this.requestDraw();
    }

    scrollToEnd(): void {
        const height = this.rows.total * rowHeight;
        this.area.setContent(0, height);
        this.area.scrollTo(0, height);
        this.requestDraw();
    }

    focus(): void {
        this.element.focus();
    }

    /** Null while it is not there. */
    get currentRow(): Row | null {
        return this.rows.at(this.current);
    }

    requestDraw(): void {
        this.frameRequest ||= requestAnimationFrame(() => this.draw());
    }

    private get isAtEnd(): boolean {
        return this.area.top + this.area.height >= this.rows.total * rowHeight - rowHeight / 2;
    }

    private draw(): void {
        this.frameRequest = 0;
        const { rows, area } = this;
        if (this.columns.length === 0 || this.element.offsetParent === null) return;
        this.current = Math.min(this.current, Math.max(0, rows.total - 1));
        area.setContent(0, rows.total * rowHeight);
        // What was scrolled beyond the end of fewer rows comes back.
        area.scrollTo(0, area.top);
        const first = Math.floor(area.top / rowHeight);
        const end = Math.min(rows.total, Math.ceil((area.top + area.height) / rowHeight));
        rows.want(first, end);
        this.element.setAttribute('aria-rowcount', String(rows.total + 1));
        while (this.shown.length < end - first) this.shown.push(makeRow());
        this.shown.length = Math.max(0, end - first);
        this.layer.replaceChildren(...this.shown);
        this.shown.forEach((target, i) => this.fillRow(target, first + i, (first + i) * rowHeight - area.top));
        if (this.shown.some((row) => row.id === rowId(this.current))) this.element.setAttribute('aria-activedescendant', rowId(this.current));
        else this.element.removeAttribute('aria-activedescendant');
        this.report();
        this.events.drawn?.();
    }

    private fillRow(target: HTMLElement, index: number, top: number): void {
        const { columns } = this;
        const row = this.rows.at(index);
        target.id = rowId(index);
        target.dataset['index'] = String(index);
        target.style.transform = `translateY(${top}px)`;
        target.setAttribute('aria-rowindex', String(index + 2));
        target.setAttribute('aria-selected', String(this.isMarked(index)));
        target.classList.toggle('current', index === this.current);
        while (target.childElementCount > columns.length) target.lastElementChild?.remove();
        columns.forEach((column, i) => {
            const words = row === null ? '…' : column.words(row);
            const hint = row === null ? words : (column.hint?.(row) ?? words);
            const cell = (target.children[i] as HTMLElement | undefined) ?? target.appendChild(makeCell(i));
            const tone = row === null || column.tone === undefined ? '' : column.tone(row);
            if (cell.dataset['tone'] !== tone) cell.dataset['tone'] = tone;
            if (cell.textContent !== words) cell.textContent = words;
            if (cell.getAttribute('title') !== hint) cell.setAttribute('title', hint);
        });
    }

    private onPress(event: MouseEvent): void {
        const row = (event.target as Element).closest<HTMLElement>('[data-index]');
        if (row === null) return;
        this.moveTo(Number(row.dataset['index']), event.shiftKey);
    }

    private onKey(event: KeyboardEvent): void {
        if (event.target !== this.element || event.altKey) return;
        const control = event.ctrlKey || event.metaKey;
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
        else if (event.key === 'Enter' && !control) this.open();
        else if (event.key === 'c' && control) void this.copy();
        else if (this.events.key?.(event) !== true) return;
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
        this.events.scrolled?.(this.isAtEnd);
        this.report();
        this.requestDraw();
    }

    /** Tells of the row that was moved to, once it is there. */
    private report(): void {
        const { currentRow } = this;
        if (!this.isMoved || currentRow === null) return;
        this.isMoved = false;
        this.events.moved(currentRow);
    }

    private openMenu(): void {
        const row = this.shown.find(({ id }) => id === rowId(this.current));
        if (row === undefined || this.currentRow === null) return;
        this.isMoved = true;
        this.report();
        const { left, bottom } = row.getBoundingClientRect();
        this.events.openMenu(left, bottom);
    }

    private open(): void {
        const { currentRow } = this;
        if (currentRow !== null) this.events.opened(currentRow);
    }

    private isMarked(index: number): boolean {
        return index >= Math.min(this.current, this.anchor) && index <= Math.max(this.current, this.anchor);
    }

    /** The marked rows with their headings, as a spreadsheet takes them. */
    private async copy(): Promise<void> {
        const { columns } = this;
        const first = Math.min(this.current, this.anchor);
        const end = Math.min(Math.max(this.current, this.anchor) + 1, first + mostCopied);
        const rows = await this.rows.read(first, end);
        if (rows === null) return;
        const line = (row: Row) => columns.map((column) => column.words(row)).join('\t');
        this.events.copy([columns.map(({ label }) => label).join('\t'), ...rows.map(line)].join('\n'));
    }
}

const rowId = (index: number): string => `row${index}`;

function makeHeading<Row>({ label, sorting }: GridColumn<Row>): HTMLElement {
    const heading = element('div', 'cell', sorting === undefined ? label : button('', label, () => sorting.toggle()));
    heading.setAttribute('role', 'columnheader');
    if (sorting !== undefined) heading.setAttribute('aria-sort', sorting.now);
    return heading;
}

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
