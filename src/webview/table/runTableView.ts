/** The table of runs with its filter: what it shows follows the map, its layer and the classes that are highlighted. */
import type { RunFilter, RunOrder } from '../../common/openedMap';
import type { MapModel } from '../tiles/mapModel';
import type { Questions } from '../tiles/questions';
import { runColumns } from './runColumns';
import { RunFilterBox } from './runFilterBox';
import { RunRows } from './runRows';
import { RunTable, type RunTableEvents } from './runTable';
import type { TableState } from '../view/viewState';

export class RunTableView {
    private readonly rows: RunRows;
    private readonly table: RunTable;
    private readonly box: RunFilterBox;
    readonly element: HTMLElement;
    private model: MapModel | null = null;
    private highlight: ReadonlySet<number> = new Set();
    private typed: Pick<RunFilter, 'memslot' | 'range'> = { memslot: null, range: null };
    private order: RunOrder = 'address';
    private descending = false;
    /** What is to be asked when the table comes into sight: it asks nothing while it is hidden. */
    private missing: 'nothing' | 'newer rows' | 'other rows' = 'nothing';

    constructor(
        questions: Questions,
        events: Omit<RunTableEvents, 'sorted'> & { changed(): void },
    ) {
        this.rows = new RunRows(
            (query, first, most) => questions.ask({ type: 'list', ...query, first, most }),
            () => this.table.requestDraw(),
        );
        this.table = new RunTable(this.rows, {
            ...events,
            sorted: (order, descending) => {
                this.order = order;
                this.descending = descending;
                this.ask();
                events.changed();
            },
        });
        this.box = new RunFilterBox((typed) => {
            this.typed = typed;
            this.ask();
            events.changed();
        });
        this.element = this.table.element;
        this.element.prepend(this.box.element);
        this.element.hidden = true;
    }

    get state(): TableState {
        return { filter: this.box.text, order: this.order, descending: this.descending };
    }

    restore({ filter, order, descending }: TableState): void {
        this.order = order;
        this.descending = descending;
        this.box.text = filter;
    }

    /** Another map or layer, or the same map anew. */
    setModel(model: MapModel, isSameMap: boolean): void {
        const isRefresh = isSameMap && this.model?.layer === model.layer;
        this.model = model;
        if (!isRefresh) this.ask();
        else if (!this.element.hidden) this.rows.refresh();
        else if (this.missing === 'nothing') this.missing = 'newer rows';
    }

    setHighlight(highlight: ReadonlySet<number>): void {
        if (highlight.size === this.highlight.size && [...highlight].every((one) => this.highlight.has(one))) return;
        this.highlight = highlight;
        this.ask();
    }

    show(isShown: boolean): void {
        this.element.hidden = !isShown;
        if (!isShown) return;
        const { missing } = this;
        this.missing = 'nothing';
        if (missing === 'other rows') this.ask();
        if (missing === 'newer rows') this.rows.refresh();
        this.table.requestDraw();
    }

    focus(): void {
        this.table.focus();
    }

    private ask(): void {
        const { model, order, descending, highlight } = this;
        if (this.element.hidden) this.missing = 'other rows';
        if (model === null || this.element.hidden) return;
        const { layer, map } = model;
        const classes = highlight.size > 0 ? [...highlight] : [...layer.classes.keys()];
        this.table.setShape({ layer, columns: runColumns(layer, map.kinds), order, descending });
        this.table.restart();
        this.rows.setQuery({ filter: { layer: layer.id, classes, ...this.typed }, order, descending });
    }
}
