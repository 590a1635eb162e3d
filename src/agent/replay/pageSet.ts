/**
 * A set of pages: bits in chunks that copies of the set share until one of them changes, so that a state that is kept
 * costs what differs from the one before it. A page is added in some nanoseconds; no run of pages is ever looked for.
 */

/** A chunk is 512 bytes, for 16 MiB of memory. */
const chunkPages = 4096;
const chunkWords = chunkPages / 32;

interface Chunk {
    readonly words: Uint32Array;
    /** Of the one set that may change it. */
    readonly owner: object | null;
}

const fullChunk: Chunk = { words: new Uint32Array(chunkWords).fill(0xffff_ffff), owner: null };

/** With what JavaScript needs for them. */
const bytesOfChunk = 4 * chunkWords + 200;
const bytesOfEntry = 40;

export class PageSet {
    private readonly chunks: Map<number, Chunk>;
    private owner = {};
    private owned = 0;
    /** Indexes of the chunks, sorted when they are needed so. */
    private order: readonly number[] | null = null;

    constructor(chunks: ReadonlyMap<number, Chunk> = new Map<number, Chunk>()) {
        this.chunks = new Map(chunks);
    }

    /** As it is now; neither sees what the other changes from here on. */
    copy(): PageSet {
        this.owner = {};
        this.owned = 0;
        return new PageSet(this.chunks);
    }

    /** What a copy takes beyond what it shares with the copy before it. */
    get bytesToCopy(): number {
        return this.owned * bytesOfChunk + this.chunks.size * bytesOfEntry;
    }

    get isEmpty(): boolean {
        return this.next(true, 0, Infinity) === Infinity;
    }

    has(page: number): boolean {
        const index = Math.floor(page / chunkPages);
        const bit = page - index * chunkPages;
        return (((this.chunks.get(index)?.words[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) !== 0;
    }

    /** Adds [start, end). Whoever adds what was not read from the kernel bounds it. */
    add(start: number, end: number): void {
        for (let at = start; at < end; ) {
            const index = Math.floor(at / chunkPages);
            const from = at - index * chunkPages;
            const to = Math.min(chunkPages, end - index * chunkPages);
            if (to - from === chunkPages) this.put(index, fullChunk);
            else changeBits(this.own(index), from, to, true);
            at = index * chunkPages + to;
        }
    }

    remove(start: number, end: number): void {
        const first = Math.floor(start / chunkPages);
        const last = Math.ceil(end / chunkPages) - 1;
        if (last - first < this.chunks.size) {
            for (let index = first; index <= last; index++) this.removeFrom(index, start, end);
        } else {
            // Of a wide range few chunks are there.
            for (const index of [...this.chunks.keys()]) if (first <= index && index <= last) this.removeFrom(index, start, end);
        }
    }

    /** The first page in [from, limit) that is in the set, or that is not; `limit` when there is none. */
    next(inSet: boolean, from: number, limit: number): number {
        return Math.min(limit, inSet ? this.nextSet(from, limit) : this.nextClear(from, limit));
    }

    /** The runs of the set in [start, end), in order, as [first, end) each. */
    *runs(start: number, end: number): Generator<readonly [number, number]> {
        for (let first = this.next(true, start, end); first < end; ) {
            const until = this.next(false, first, end);
            yield [first, until];
            first = this.next(true, until, end);
        }
    }

    count(start = 0, end = Infinity): number {
        let pages = 0;
        for (const [first, until] of this.runs(start, end)) pages += until - first;
        return pages;
    }

    private removeFrom(index: number, start: number, end: number): void {
        if (!this.chunks.has(index)) return;
        const from = Math.max(0, start - index * chunkPages);
        const to = Math.min(chunkPages, end - index * chunkPages);
        if (to - from < chunkPages) changeBits(this.own(index), from, to, false);
        else if (this.chunks.delete(index)) this.order = null;
    }

    private nextSet(from: number, limit: number): number {
        const order = (this.order ??= [...this.chunks.keys()].sort((a, b) => a - b));
        for (let i = firstAtLeast(order, Math.floor(from / chunkPages)); i < order.length; i++) {
            const start = (order[i] ?? 0) * chunkPages;
            if (start >= limit) break;
            const found = nextBit(this.chunks.get(start / chunkPages)?.words ?? fullChunk.words, true, Math.max(0, from - start));
            if (found < chunkPages) return start + found;
        }
        return Infinity;
    }

    private nextClear(from: number, limit: number): number {
        for (let at = from; at < limit; ) {
            const index = Math.floor(at / chunkPages);
            const chunk = this.chunks.get(index);
            if (chunk === undefined) return at;
            const found = chunk === fullChunk ? chunkPages : nextBit(chunk.words, false, at - index * chunkPages);
            if (found < chunkPages) return index * chunkPages + found;
            at = (index + 1) * chunkPages;
        }
        return Infinity;
    }

    /** The words of a chunk, to be changed. */
    private own(index: number): Uint32Array {
        const chunk = this.chunks.get(index);
        if (chunk?.owner === this.owner) return chunk.words;
        const words = chunk === undefined ? new Uint32Array(chunkWords) : chunk.words.slice();
        this.put(index, { words, owner: this.owner });
        this.owned++;
        return words;
    }

    private put(index: number, chunk: Chunk): void {
        if (!this.chunks.has(index)) this.order = null;
        this.chunks.set(index, chunk);
    }
}

function changeBits(words: Uint32Array, from: number, to: number, add: boolean): void {
    const last = (to - 1) >>> 5;
    for (let i = from >>> 5; i <= last; i++) {
        const low = i === from >>> 5 ? -1 << (from & 31) : -1;
        const high = i === last ? -1 >>> (31 - ((to - 1) & 31)) : -1;
        const word = words[i] ?? 0;
        words[i] = add ? word | (low & high) : word & ~(low & high);
    }
}

/** From bit `from` on; `chunkPages` when there is none. */
function nextBit(words: Uint32Array, isSet: boolean, from: number): number {
    for (let i = from >>> 5; i < chunkWords; i++) {
        const word = (isSet ? (words[i] ?? 0) : ~(words[i] ?? 0)) & (i === from >>> 5 ? -1 << (from & 31) : -1);
        if (word !== 0) return i * 32 + 31 - Math.clz32(word & -word);
    }
    return chunkPages;
}

/** Index of the first that is not below `value`. */
function firstAtLeast(sorted: readonly number[], value: number): number {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((sorted[middle] ?? 0) < value) low = middle + 1;
        else high = middle;
    }
    return low;
}
