/**
 * Pages with marks, as sorted disjoint runs in columns. Laying several over one another gives each page the marks of all:
 * so pages that are reached in several ways are counted once, and millions of runs are a matter of typed arrays.
 */
export interface MarkedPages {
    readonly count: number;
    /** [first, end) */
    readonly first: Float64Array;
    readonly end: Float64Array;
    /** Bits, whose meaning is the caller's. */
    readonly marks: Uint16Array;
}

/** Takes runs in ascending order; columns grow by doubling. */
export class MarkedPagesBuilder implements MarkedPages {
    count = 0;
    first = new Float64Array(64);
    end = new Float64Array(64);
    marks = new Uint16Array(64);

    get lastEnd(): number {
        return this.count === 0 ? 0 : (this.end[this.count - 1] ?? 0);
    }

    /** `first` must not be below `lastEnd`. */
    add(first: number, end: number, marks: number): void {
        const last = this.count - 1;
        if (last >= 0 && this.end[last] === first && this.marks[last] === marks) {
            this.end[last] = end;
            return;
        }
        if (this.count === this.first.length) this.grow();
        this.first[this.count] = first;
        this.end[this.count] = end;
        this.marks[this.count] = marks;
        this.count++;
    }

    private grow(): void {
        const { first, end, marks } = this;
        this.first = new Float64Array(2 * first.length);
        this.end = new Float64Array(2 * end.length);
        this.marks = new Uint16Array(2 * marks.length);
        this.first.set(first);
        this.end.set(end);
        this.marks.set(marks);
    }
}

/** In halves, so that each run is copied only as often as the number of layers can be halved. */
export function overlay(layers: readonly MarkedPages[]): MarkedPages {
    const [only] = layers;
    if (only === undefined) return new MarkedPagesBuilder();
    if (layers.length === 1) return only;
    const half = layers.length >>> 1;
    return overlayTwo(overlay(layers.slice(0, half)), overlay(layers.slice(half)));
}

function overlayTwo(a: MarkedPages, b: MarkedPages): MarkedPages {
    const joined = new MarkedPagesBuilder();
    let i = 0;
    let j = 0;
    for (let at = 0; i < a.count || j < b.count; ) {
        const aFirst = i < a.count ? Math.max(at, a.first[i] ?? 0) : Infinity;
        const bFirst = j < b.count ? Math.max(at, b.first[j] ?? 0) : Infinity;
        const aEnd = i < a.count ? (a.end[i] ?? 0) : Infinity;
        const bEnd = j < b.count ? (b.end[j] ?? 0) : Infinity;
        const first = Math.min(aFirst, bFirst);
        const end = Math.min(aFirst === first ? aEnd : aFirst, bFirst === first ? bEnd : bFirst);
        joined.add(first, end, (aFirst === first ? (a.marks[i] ?? 0) : 0) | (bFirst === first ? (b.marks[j] ?? 0) : 0));
        if (aEnd <= end) i++;
        if (bEnd <= end) j++;
        at = end;
    }
    return joined;
}

/** Layers of one space of page numbers; runs may come in any order, and in long ascending stretches they cost least. */
export class MarkedSpace {
    private readonly layers: MarkedPagesBuilder[] = [];

    add(first: number, end: number, marks: number): void {
        let layer = this.layers.at(-1);
        if (layer === undefined || first < layer.lastEnd) {
            layer = new MarkedPagesBuilder();
            this.layers.push(layer);
        }
        layer.add(first, end, marks);
    }

    overlaid(): MarkedPages {
        return overlay(this.layers);
    }
}
