/** Columns of page runs as they travel: as bytes. */
import type { PageRuns } from './pageRuns';

/** The columns of PageRuns as little-endian bytes. */
export interface PackedPageRuns {
    readonly count: number;
    readonly gfns: Uint8Array;
    readonly pages: Uint8Array;
    readonly memslots: Uint8Array;
    readonly states: Uint8Array;
    readonly details: Uint8Array;
}

export const bytesOfColumn = (column: ArrayBufferView): Uint8Array =>
    new Uint8Array(column.buffer, column.byteOffset, column.byteLength);

export function packPageRuns(runs: PageRuns): PackedPageRuns {
    return {
        count: runs.count,
        gfns: bytesOfColumn(runs.gfns),
        pages: bytesOfColumn(runs.pages),
        memslots: bytesOfColumn(runs.memslots),
        states: bytesOfColumn(runs.states),
        details: bytesOfColumn(runs.details),
    };
}

/** Checks the lengths against `count` (the other side is not trusted) and copies into aligned columns. */
export function unpackPageRuns(packed: PackedPageRuns): PageRuns {
    const { count } = packed;
    const aligned = (bytes: Uint8Array, width: number): ArrayBuffer => {
        if (bytes.byteLength !== count * width) throw new RangeError('page run column has a wrong length');
        // Not bytes.slice(): that of a Node Buffer is a view of all the bytes around it.
        return new Uint8Array(bytes).buffer;
    };
    return {
        count,
        gfns: new Float64Array(aligned(packed.gfns, 8)),
        pages: new Float64Array(aligned(packed.pages, 8)),
        memslots: new Int32Array(aligned(packed.memslots, 4)),
        states: new Uint32Array(aligned(packed.states, 4)),
        details: new Uint32Array(aligned(packed.details, 4)),
    };
}
