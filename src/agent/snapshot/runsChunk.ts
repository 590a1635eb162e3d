/**
 * The runs in one RUNS chunk, column by column as varints: the number of the map in the header, how many runs, the
 * memslots (how many stretches of one memslot, then for each its id plus one, 0 = none, and its runs), then of each run
 * its kind, its pages, and the pages between the end of the one before (in this map; 0 before the first) and its begin.
 */
import type { PageRuns } from '../../common/pageRuns';
import { gfnLimit, mostRunsInChunk } from './layout';
import type { KindNumbers, KindTable } from './pageKinds';
import { VarintReader, VarintWriter } from './varints';

const largestMemslot = 0xffff;

/** One column of one chunk, while it is packed or unpacked. */
const column = new Float64Array(mostRunsInChunk);

/** Packs runs [from, to) of `runs`; `end` is where the run before them ends. Valid until the next call. */
export function packRuns(writer: VarintWriter, kinds: KindNumbers, map: number, runs: PageRuns, from: number, to: number, end: number): Uint8Array {
    const { gfns, pages, memslots, states, details } = runs;
    writer.put(map);
    writer.put(to - from);
    const stretches: number[] = [];
    for (let i = from, begin = from; i < to; begin = i) {
        while (i < to && memslots[i] === memslots[begin]) i++;
        stretches.push((memslots[begin] ?? -1) + 1, i - begin);
    }
    writer.put(stretches.length / 2);
    for (const number of stretches) writer.put(number);
    const count = to - from;
    for (let i = 0; i < count; i++) column[i] = kinds.numberOf(states[from + i] ?? 0, details[from + i] ?? 0);
    writer.putAll(column, count);
    writer.putAll(pages.subarray(from, to), count);
    for (let i = 0, at = end; i < count; i++) {
        const gfn = gfns[from + i] ?? 0;
        column[i] = gfn - at;
        at = gfn + (pages[from + i] ?? 0);
    }
    writer.putAll(column, count);
    return writer.take();
}

/** Columns of a known length that are filled from the begin. */
export class RunColumns {
    count = 0;
    private readonly gfns: Float64Array;
    private readonly pages: Float64Array;
    private readonly memslots: Int32Array;
    private readonly states: Uint32Array;
    private readonly details: Uint32Array;

    constructor(readonly length: number) {
        this.gfns = new Float64Array(length);
        this.pages = new Float64Array(length);
        this.memslots = new Int32Array(length);
        this.states = new Uint32Array(length);
        this.details = new Uint32Array(length);
    }

    /** What follows the number of the map. Throws RangeError for what cannot be. */
    unpack(reader: VarintReader, kinds: KindTable): void {
        const begin = this.count;
        const count = reader.next();
        const end = begin + count;
        if (count > mostRunsInChunk) throw new RangeError(`there are ${count} runs in a chunk, which has at most ${mostRunsInChunk}`);
        if (end > this.length) throw new RangeError(`there are more runs than the ${this.length} that the header tells`);
        this.unpackMemslots(reader, begin, end);
        this.unpackKinds(reader, begin, count, kinds);
        const pages = this.pages.subarray(begin, end);
        reader.nextAll(pages);
        const gfns = this.gfns.subarray(begin, end);
        reader.nextAll(gfns);
        let at = begin === 0 ? 0 : (this.gfns[begin - 1] ?? 0) + (this.pages[begin - 1] ?? 0);
        for (let i = 0; i < count; i++) {
            const size = pages[i] ?? 0;
            const gfn = at + (gfns[i] ?? 0);
            at = gfn + size;
            if (size === 0) throw new RangeError('a run has no pages');
            if (at > gfnLimit) throw new RangeError('a run reaches beyond what a processor can address');
            gfns[i] = gfn;
        }
        if (!reader.isAtEnd) throw new RangeError('something follows the runs in their chunk');
        this.count = end;
    }

    build(): PageRuns {
        const { count, gfns, pages, memslots, states, details } = this;
        return { count, gfns, pages, memslots, states, details };
    }

    private unpackKinds(reader: VarintReader, begin: number, count: number, kinds: KindTable): void {
        const numbers = column.subarray(0, count);
        reader.nextAll(numbers);
        for (let i = 0; i < count; i++) {
            const kind = numbers[i] ?? 0;
            if (kind >= kinds.count) throw new RangeError(`a run is of kind ${kind}, and there are ${kinds.count}`);
            this.states[begin + i] = kinds.states[kind] ?? 0;
            this.details[begin + i] = kinds.details[kind] ?? 0;
        }
    }

    private unpackMemslots(reader: VarintReader, begin: number, end: number): void {
        let at = begin;
        for (let stretches = reader.next(); stretches > 0 && at <= end; stretches--) {
            const memslot = reader.next() - 1;
            const count = reader.next();
            if (memslot > largestMemslot) throw new RangeError(`there is no memslot ${memslot}`);
            if (count === 0 || at + count > end) break;
            this.memslots.fill(memslot, at, at + count);
            at += count;
            if (stretches === 1 && at === end) return;
        }
        if (begin !== end) throw new RangeError('the memslots do not fit the runs');
    }
}
