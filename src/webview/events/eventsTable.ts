/** The table of a recording's events: follows its end, keeps up with it, and says where there is none. */
import type { EventFilter } from '../../common/eventMethods';
import type { MemoryEvent } from '../../common/memoryEvents';
import { element } from '../dom';
import { t } from '../l10n';
import { Grid, type GridEvents } from '../table/grid';
import { eventColumns } from './eventColumns';
import { EventRows } from './eventRows';
import type { TimeMode } from './eventTime';

export interface EventsTableEvents extends Pick<GridEvents<MemoryEvent>, 'moved' | 'opened' | 'copy'> {
    /** With the current row. */
    key(event: KeyboardEvent, row: MemoryEvent): boolean;
    /** The user came to the end, or left it. */
    followed(follows: boolean): void;
    /** There may be more or fewer rows now. */
    counted(): void;
}

export class EventsTable {
    private readonly rows: EventRows;
    private readonly grid: Grid<MemoryEvent>;
    private readonly nothing = element('div', 'empty');
    readonly element: HTMLElement;
    private filter: EventFilter | null = null;
    private isFollowing = true;

    constructor(ask: ConstructorParameters<typeof EventRows>[0], events: EventsTableEvents) {
        this.rows = new EventRows(ask, (givenUp) => {
            this.grid.dropFirst(givenUp);
            if (this.isFollowing) this.grid.scrollToEnd();
            this.grid.requestDraw();
            this.nothing.hidden = this.rows.total > 0;
            events.counted();
        });
        this.grid = new Grid(t('Memory events'), this.rows, {
            moved: (event) => events.moved(event),
            opened: (event) => events.opened(event),
            copy: (text) => events.copy(text),
            key: (event) => this.grid.currentRow !== null && events.key(event, this.grid.currentRow),
            openMenu: (clientX, clientY) => this.grid.element.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX, clientY })),
            scrolled: (isAtEnd) => events.followed(isAtEnd),
        });
        this.nothing.hidden = true;
        this.element = element('section', 'eventTable', this.grid.element, this.nothing);
    }

    /** Of the events that pass the filter. */
    get total(): number {
        return this.rows.total;
    }

    follow(follows: boolean): void {
        this.isFollowing = follows;
        if (follows) this.grid.scrollToEnd();
    }

    showTimes(mode: TimeMode, since: number): void {
        this.grid.setColumns(eventColumns(mode, since));
    }

    /** Other events than before: of another recording, or by another filter. */
    setFilter(filter: EventFilter): void {
        this.filter = filter;
        const isFiltered = filter.kinds !== null || filter.range !== null || filter.failed;
        this.nothing.textContent = isFiltered ? t('No event is like that. Take the filter away, or wait.') : t('Nothing has happened to the memory of this VM yet.');
        this.grid.restart();
        this.rows.setQuery(filter);
    }

    /** There may be more by now. */
    refresh(): void {
        this.rows.refresh();
    }

    /** To the first event at or after a time. */
    async goTo(time: number): Promise<void> {
        if (this.filter === null) return;
        const earlier = await this.rows.count({ ...this.filter, times: { from: 0, to: time } });
        if (earlier !== null) this.grid.showRow(earlier);
    }

    /** What VS Code's menu is given; null = nothing is there to do anything with. */
    setMenu(target: object | null): void {
        this.grid.element.dataset['vscodeContext'] = JSON.stringify(target ?? { preventDefaultContextMenuItems: true });
    }
}
