/**
 * A bit for each page, in blocks that exist only where bits are set: 128 KiB for each GiB of guest memory at most, and
 * nothing for blocks of which all pages are alike.
 */
const blockPages = 1 << 15;
const blockWords = blockPages / 32;
/** 8 TiB of memory, which take 256 MiB: what lies beyond is not noted. */
const mostBlocks = 1 << 16;

const ones = (word: number): number => {
    const pairs = word - ((word >>> 1) & 0x55555555);
    const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
    return (((fours + (fours >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
};

export class PageBits {
    /** Null: all pages of the block. */
    private readonly blocks = new Map<number, Uint32Array | null>();

    has(page: number): boolean {
        const block = this.blocks.get(Math.floor(page / blockPages));
        if (block === undefined) return false;
        return block === null || ((block[(page % blockPages) >>> 5] ?? 0) & (1 << page % 32)) !== 0;
    }

    /** Sets [first, end); returns how many were not set before. */
    set(first: number, end: number): number {
        let changed = 0;
        for (let at = first; at < end; ) {
            const number = Math.floor(at / blockPages);
            const from = at % blockPages;
            const to = Math.min(blockPages, end - number * blockPages);
            const block = this.blocks.get(number);
            at = number * blockPages + to;
            if (block === null) continue;
            if (block === undefined && this.blocks.size >= mostBlocks) return changed;
            if (from === 0 && to === blockPages) {
                changed += blockPages - (block === undefined ? 0 : countOf(block));
                this.blocks.set(number, null);
                continue;
            }
            const words = block ?? new Uint32Array(blockWords);
            if (block === undefined) this.blocks.set(number, words);
            changed += change(words, from, to, true);
        }
        return changed;
    }

    /** Clears [first, end); returns how many were set before. */
    clear(first: number, end: number): number {
        const firstBlock = Math.floor(first / blockPages);
        const endBlock = Math.ceil(end / blockPages);
        if (endBlock - firstBlock <= this.blocks.size) {
            let changed = 0;
            for (let number = firstBlock; number < endBlock; number++) changed += this.clearIn(number, first, end);
            return changed;
        }
        return [...this.blocks.keys()].reduce((changed, number) => changed + this.clearIn(number, first, end), 0);
    }

    /** The runs of pages in [first, end) that are set, in order. */
    *runs(first: number, end: number): Generator<{ readonly first: number; readonly end: number }> {
        let start = -1;
        for (let page = first; page < end; ) {
            const block = this.blocks.get(Math.floor(page / blockPages));
            const next = Math.min(end, (Math.floor(page / blockPages) + 1) * blockPages);
            if (block === undefined || block === null) {
                if (block === undefined && start >= 0) {
                    yield { first: start, end: page };
                    start = -1;
                } else if (block === null && start < 0) {
                    start = page;
                }
                page = next;
                continue;
            }
            for (; page < next; page++) {
                const isSet = ((block[(page % blockPages) >>> 5] ?? 0) & (1 << page % 32)) !== 0;
                if (isSet === start >= 0) continue;
                if (!isSet) yield { first: start, end: page };
                start = isSet ? page : -1;
            }
        }
        if (start >= 0) yield { first: start, end };
    }

    private clearIn(number: number, first: number, end: number): number {
        const block = this.blocks.get(number);
        const from = Math.max(0, first - number * blockPages);
        const to = Math.min(blockPages, end - number * blockPages);
        if (block === undefined || from >= to) return 0;
        if (from === 0 && to === blockPages) {
            this.blocks.delete(number);
            return block === null ? blockPages : countOf(block);
        }
        const words = block ?? new Uint32Array(blockWords).fill(~0);
        if (block === null) this.blocks.set(number, words);
        return change(words, from, to, false);
    }
}

const countOf = (words: Uint32Array): number => words.reduce((sum, word) => sum + ones(word), 0);

/** Sets or clears the bits [from, to) of a block; returns how many changed. */
function change(words: Uint32Array, from: number, to: number, on: boolean): number {
    let changed = 0;
    for (let word = from >>> 5; word << 5 < to; word++) {
        const low = Math.max(0, from - (word << 5));
        const high = Math.min(32, to - (word << 5));
        const mask = (high === 32 ? -1 : (1 << high) - 1) & (-1 << low);
        const before = words[word] ?? 0;
        const after = on ? before | mask : before & ~mask;
        changed += ones(before ^ after);
        words[word] = after;
    }
    return changed;
}
