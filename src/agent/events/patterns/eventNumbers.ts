/** Events in columns, with their 64-bit fields as numbers: a BigInt of each would be an object for each event. */
import type { EventColumns } from '../../../../native/index';

const wordSize = 2 ** 32;
const pagesOfWord = 2 ** 20;

/** Low and high words by turns: the addon fills the columns on little-endian processors alone. */
const wordsOf = (column: BigUint64Array): Uint32Array => new Uint32Array(column.buffer, column.byteOffset, column.length * 2);

export class EventNumbers {
    private readonly starts: Uint32Array;
    private readonly sizes: Uint32Array;
    private readonly values: Uint32Array;

    constructor(readonly columns: EventColumns) {
        this.starts = wordsOf(columns.starts);
        this.sizes = wordsOf(columns.sizes);
        this.values = wordsOf(columns.values);
    }

    get count(): number {
        return this.columns.count;
    }

    kind(i: number): number {
        return this.columns.kinds[i] ?? 0;
    }

    /** Microseconds since 1970. */
    time(i: number): number {
        return this.columns.times[i] ?? 0;
    }

    /** 0 = none that can be seen from here. */
    thread(i: number): number {
        return this.columns.threads[i] ?? 0;
    }

    /** Of a vCPU; -1 = none. */
    number(i: number): number {
        return this.columns.numbers[i] ?? -1;
    }

    succeeded(i: number): boolean {
        return (this.columns.results[i] ?? 0) >= 0;
    }

    /** The lowest 32 bits. */
    value(i: number): number {
        return this.values[2 * i] ?? 0;
    }

    /** The page that holds the first byte. */
    page(i: number): number {
        return (this.starts[2 * i + 1] ?? 0) * pagesOfWord + ((this.starts[2 * i] ?? 0) >>> 12);
    }

    /** One past the page that holds the last byte. */
    endPage(i: number): number {
        const inPage = (this.starts[2 * i] ?? 0) & 4095;
        const bytes = inPage + (this.sizes[2 * i] ?? 0) + (this.sizes[2 * i + 1] ?? 0) * wordSize;
        return this.page(i) + Math.ceil(bytes / 4096);
    }

    inode(i: number): number {
        return this.columns.inodes[i] ?? 0;
    }
}
