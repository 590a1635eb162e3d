/**
 * The rows of a table that an agent has. Only what is in sight is asked for, in blocks, one question at a time: while
 * somebody scrolls through millions of rows the next question is about where they have come to. After a refresh the old
 * rows stay until the new ones are there.
 */
import type { GridRows } from './grid';

export const blockRows = 128;
const mostBlocks = 24;

/** What is asked: `first` is the index of the first row that is wanted, `most` how many are. */
type Ask<Query, Block> = (query: Query, first: number, most: number) => Promise<Block | null>;

/** `givenUp`: rows that were there once, before those that are, from some time on; a table that loses none has none. */
type Rows = { readonly total: number; readonly givenUp?: number };

interface KeptBlock<Block> {
    readonly block: Block;
    /** Index of its first row. */
    readonly first: number;
    readonly age: number;
}

export class AskedRows<Query, Block extends Rows, Row> implements GridRows<Row> {
    private query: Query | null = null;
    /** The newest first. After rows were given up, older ones lie across those that are asked for. */
    private blocks: readonly KeptBlock<Block>[] = [];
    /** Of the newest answer; null = none has come yet to this query. */
    private givenUp: number | null = null;
    private readonly failed = new Set<number>();
    private wanted: readonly number[] = [];
    private age = 0;
    private isAsking = false;
    /** The newest answer, for what it says of all rows. */
    latest: Block | null = null;

    /**
     * `rowOf` gives a row of a block by its index there; null beyond the last. `onChange` is told how many of the first rows
     * are given up: by so much all others have moved.
     */
    constructor(
        private readonly ask: Ask<Query, Block>,
        private readonly rowOf: (block: Block, at: number) => Row | null,
        private readonly onChange: (givenUp: number) => void,
    ) {}

    get total(): number {
        return this.latest?.total ?? 0;
    }

    /** Other rows than before. */
    setQuery(query: Query): void {
        this.query = query;
        this.blocks = [];
        this.givenUp = null;
        this.refresh();
    }

    /** The same rows, as they are by now. */
    refresh(): void {
        this.age++;
        this.failed.clear();
        void this.askNext();
    }

    want(first: number, end: number): void {
        const blocks: number[] = [];
        for (let block = Math.floor(first / blockRows); block * blockRows < Math.max(end, 1); block++) blocks.push(block);
        this.wanted = blocks;
        void this.askNext();
    }

    at(index: number): Row | null {
        for (const { block, first } of this.blocks) {
            const row = index >= first && index < first + blockRows ? this.rowOf(block, index - first) : null;
            if (row !== null) return row;
        }
        return null;
    }

    async read(first: number, end: number): Promise<Row[] | null> {
        const { query, givenUp } = this;
        const rows: Row[] = [];
        let moved = 0;
        while (query !== null && first + rows.length < end) {
            const most = Math.min(blockRows, end - first - rows.length);
            const at = first + rows.length - moved;
            const block = at < 0 ? null : await this.ask(query, at, most);
            const newlyMoved = block === null ? moved : movedBy(givenUp, block);
            if (newlyMoved > moved) {
                moved = newlyMoved;
                continue;
            }
            const before = rows.length;
            for (let i = 0; block !== null && i < most; i++) {
                const row = this.rowOf(block, i);
                if (row !== null) rows.push(row);
            }
            if (rows.length === before) return null;
        }
        return rows;
    }

    private async askNext(): Promise<void> {
        const { query, age } = this;
        const number = this.wanted.find((one) => !this.blocks.some((kept) => kept.first === one * blockRows && kept.age === age) && !this.failed.has(one));
        if (query === null || number === undefined || this.isAsking) return;
        this.isAsking = true;
        const block = await this.ask(query, number * blockRows, blockRows);
        this.isAsking = false;
        if (query === this.query && age === this.age) this.keep(number, block);
        await this.askNext();
    }

    private keep(number: number, block: Block | null): void {
        if (block === null) {
            this.failed.add(number);
            return;
        }
        const moved = movedBy(this.givenUp, block);
        const first = number * blockRows;
        const others = this.blocks.map((kept) => ({ ...kept, first: kept.first - moved })).filter((kept) => kept.first !== first && kept.first > -blockRows);
        const isWanted = (kept: KeptBlock<Block>) => this.wanted.some((one) => one * blockRows === kept.first);
        this.blocks = [{ block, first, age: this.age }, ...others].filter((kept, i) => i < mostBlocks || isWanted(kept));
        this.givenUp = block.givenUp ?? 0;
        this.latest = block;
        this.onChange(moved);
    }
}

/** How many rows were given up since an earlier answer; where that is forgotten, none. */
const movedBy = (before: number | null, { givenUp = 0 }: Rows): number => Math.max(0, givenUp - (before ?? givenUp));
