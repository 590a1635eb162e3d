/** The runs of the map as a table, and what they add up to. */
import type { MapLayer } from '../../common/mapLayer';
import type { Extent, RunOrder } from '../../common/openedMap';
import { countOf, sizeOf } from '../controls/describe';
import { element } from '../dom';
import { t } from '../l10n';
import { Grid, type GridColumn } from './grid';
import type { RunColumn } from './runColumns';
import type { RunRows, TableRow } from './runRows';

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
    private readonly grid: Grid<TableRow>;
    private readonly summary = element('output', 'summary');
    private readonly nothing = element('div', 'empty', t('No run is like that. Take the filter away, or the highlight in the legend.'));
    readonly element: HTMLElement;

    constructor(
        private readonly rows: RunRows,
        private readonly events: RunTableEvents,
    ) {
        this.grid = new Grid(t('Runs of pages'), rows, {
            moved: ({ extent }) => events.selected(extent),
            opened: ({ extent }) => events.opened(extent),
            copy: (text) => events.copy(text),
            openMenu: (x, y) => events.openMenu(x, y),
            key: (event) => {
                if (event.key !== 't' || event.ctrlKey || event.metaKey) return false;
                events.closed();
                return true;
            },
            drawn: () => this.summarise(),
        });
        this.element = element('section', 'runTable', this.grid.element, this.nothing, this.summary);
        this.element.setAttribute('aria-label', t('Table of runs'));
    }

    /** Other columns or another order; the rows are told separately. */
    setShape({ columns, order, descending }: TableShape): void {
        this.grid.setColumns(columns.map((column) => this.sortable(column, order, descending)));
    }

    /** To the first row, for other rows than before. */
    restart(): void {
        this.grid.restart();
    }

    focus(): void {
        this.grid.focus();
    }

    requestDraw(): void {
        this.grid.requestDraw();
    }

    private sortable(column: RunColumn, order: RunOrder, descending: boolean): GridColumn<TableRow> {
        const by = column.order;
        if (by === null) return column;
        const isSorted = by === order;
        const now = isSorted ? (descending ? 'descending' : 'ascending') : 'none';
        return { ...column, sorting: { now, toggle: () => this.events.sorted(by, isSorted && !descending) } };
    }

    private summarise(): void {
        const { rows } = this;
        this.nothing.hidden = rows.total > 0;
        this.summary.textContent = [
            rows.total === 1 ? t('1 run') : t('{0} runs', rows.total.toLocaleString()),
            sizeOf(rows.totalPages),
            countOf(rows.totalPages),
        ].join(', ');
    }
}
