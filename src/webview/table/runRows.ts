/**
 * The rows of the table of runs. Only what is in sight is asked for, in blocks, one question at a time: while somebody
 * scrolls through millions of rows the next question is about where they have come to. After a refresh of the map the
 * old rows stay until the new ones are there.
 */
import type { MapAnswer } from '../../common/mapMessages';
import type { MapLayer } from '../../common/mapLayer';
import type { PageRun } from '../../common/model';
import type { Extent, PageKind, RunFilter, RunOrder } from '../../common/openedMap';
import { pageRunAt } from '../../common/pageRuns';

export interface RunQuery {
    readonly filter: RunFilter;
    readonly order: RunOrder;
    readonly descending: boolean;
}

export type RunList = Extract<MapAnswer, { type: 'list' }>;

export interface TableRow {
    readonly extent: Extent;
    /** In a comparison null where there is no run any more. */
    readonly run: PageRun | null;
    /** Null where there was no run, undefined where nothing is compared. */
    readonly before: PageRun | null | undefined;
    readonly pageClass: number;
}

export const blockRows = 128;
const mostBlocks = 24;

/** Bits of RunList.presence. */
const [exists, isInSlot, existed, wasInSlot] = [1, 2, 4, 8];

export class RunRows {
    private query: RunQuery | null = null;
    /** By number, the one used last at the end. */
    private readonly blocks = new Map<number, { readonly list: RunList; readonly age: number }>();
    private readonly failed = new Set<number>();
    private wanted: readonly number[] = [];
    private age = 0;
    private isAsking = false;
    total = 0;
    totalPages = 0;

    constructor(
        private readonly ask: (query: RunQuery, first: number, most: number) => Promise<RunList | null>,
        private readonly onChange: () => void,
    ) {}

    /** Other rows than before. */
    setQuery(query: RunQuery): void {
        this.query = query;
        this.blocks.clear();
        this.refresh();
    }

    /** The same rows of a newer map. */
    refresh(): void {
        this.age++;
        this.failed.clear();
        void this.askNext();
    }

    /** Says which rows are in sight, [first, end). */
    want(first: number, end: number): void {
        const blocks: number[] = [];
        for (let block = Math.floor(first / blockRows); block * blockRows < Math.max(end, 1); block++) blocks.push(block);
        this.wanted = blocks;
        void this.askNext();
    }

    /** Null while the row is not there yet. */
    at(index: number, layer: MapLayer): TableRow | null {
        const list = this.blocks.get(Math.floor(index / blockRows))?.list;
        const at = index % blockRows;
        return list === undefined || at >= list.runs.count ? null : rowOf(list, at, layer);
    }

    /** Rows [first, end), from the agent where they are not here; null when it did not give them all. */
    async read(first: number, end: number, layer: MapLayer): Promise<TableRow[] | null> {
        const { query } = this;
        const rows: TableRow[] = [];
        while (query !== null && first + rows.length < end) {
            const list = await this.ask(query, first + rows.length, Math.min(blockRows, end - first - rows.length));
            if (list === null || list.runs.count === 0) return null;
            for (let at = 0; at < list.runs.count; at++) rows.push(rowOf(list, at, layer));
        }
        return rows;
    }

    private async askNext(): Promise<void> {
        const { query, age } = this;
        const block = this.wanted.find((number) => this.blocks.get(number)?.age !== age && !this.failed.has(number));
        if (query === null || block === undefined || this.isAsking) return;
        this.isAsking = true;
        const list = await this.ask(query, block * blockRows, blockRows);
        this.isAsking = false;
        if (query === this.query && age === this.age) this.keep(block, list);
        await this.askNext();
    }

    private keep(block: number, list: RunList | null): void {
        if (list === null) {
            this.failed.add(block);
            return;
        }
        this.blocks.delete(block);
        this.blocks.set(block, { list, age: this.age });
        for (const [oldest] of this.blocks) {
            if (this.blocks.size <= mostBlocks) break;
            if (!this.wanted.includes(oldest)) this.blocks.delete(oldest);
        }
        this.total = list.total;
        this.totalPages = list.totalPages;
        this.onChange();
    }
}

function rowOf({ runs, before, presence }: RunList, at: number, layer: MapLayer): TableRow {
    const bits = presence[at] ?? 0;
    const has = (bit: number) => (bits & bit) !== 0;
    const start = runs.gfns[at] ?? 0;
    const kind: PageKind = {
        state: runs.states[at] ?? 0,
        detail: runs.details[at] ?? 0,
        inMemslot: has(isInSlot),
        ...(before === null ? {} : { exists: has(exists), before: has(existed) ? { state: before.states[at] ?? 0, detail: before.details[at] ?? 0, inMemslot: has(wasInSlot) } : null }),
    };
    return {
        extent: { start, end: start + (runs.pages[at] ?? 0) },
        run: has(exists) ? pageRunAt(runs, at) : null,
        before: before === null ? undefined : has(existed) ? pageRunAt(before, at) : null,
        pageClass: layer.classOf(kind),
    };
}
