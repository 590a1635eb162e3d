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

export class AskedRows<Query, Block extends { readonly total: number }, Row> implements GridRows<Row> {
    private query: Query | null = null;
    /** By number, the one used last at the end. */
    private readonly blocks = new Map<number, { readonly block: Block; readonly age: number }>();
    private readonly failed = new Set<number>();
    private wanted: readonly number[] = [];
    private age = 0;
    private isAsking = false;
    /** The newest answer, for what it says of all rows. */
    latest: Block | null = null;

    /** `rowOf` gives a row of a block by its index there; null beyond the last. */
    constructor(
        private readonly ask: Ask<Query, Block>,
        private readonly rowOf: (block: Block, at: number) => Row | null,
        private readonly onChange: () => void,
    ) {}

    get total(): number {
        return this.latest?.total ?? 0;
    }

    /** Other rows than before. */
    setQuery(query: Query): void {
        this.query = query;
        this.blocks.clear();
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
        const block = this.blocks.get(Math.floor(index / blockRows))?.block;
        return block === undefined ? null : this.rowOf(block, index % blockRows);
    }

    async read(first: number, end: number): Promise<Row[] | null> {
        const { query } = this;
        const rows: Row[] = [];
        while (query !== null && first + rows.length < end) {
            const most = Math.min(blockRows, end - first - rows.length);
            const block = await this.ask(query, first + rows.length, most);
            const before = rows.length;
            for (let at = 0; block !== null && at < most; at++) {
                const row = this.rowOf(block, at);
                if (row !== null) rows.push(row);
            }
            if (rows.length === before) return null;
        }
        return rows;
    }

    private async askNext(): Promise<void> {
        const { query, age } = this;
        const number = this.wanted.find((one) => this.blocks.get(one)?.age !== age && !this.failed.has(one));
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
        this.blocks.delete(number);
        this.blocks.set(number, { block, age: this.age });
        for (const [oldest] of this.blocks) {
            if (this.blocks.size <= mostBlocks) break;
            if (!this.wanted.includes(oldest)) this.blocks.delete(oldest);
        }
        this.latest = block;
        this.onChange();
    }
}
