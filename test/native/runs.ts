/** Runs of pages, put together from the addon's chunks. */

/** A run of pages in one state; what every chunk of the addon comes down to. */
export interface Run {
    readonly first: number;
    readonly pages: number;
    readonly state: number;
}

interface Columns {
    readonly pages: Float64Array;
    readonly next: number | null;
}

/** All runs from `first` on, chunk by chunk, to where `read` ends; `columns` names a chunk's first pages and states. */
export function readRuns<T extends Columns>(
    first: number,
    read: (from: number) => T | null,
    columns: (chunk: T) => { readonly firsts: Float64Array; readonly states: Uint8Array },
): { runs: Run[]; chunks: number } {
    const runs: Run[] = [];
    let chunks = 0;
    for (let from: number | null = first; from !== null; ) {
        const chunk = read(from);
        if (chunk === null) throw new Error('The addon says that there is nothing of the kind.');
        const { firsts, states } = columns(chunk);
        chunk.pages.forEach((pages, index) => runs.push({ first: firsts[index] ?? NaN, pages, state: states[index] ?? NaN }));
        if (chunk.next !== null && chunk.next <= from) throw new Error(`The chunk from ${from} ends at ${chunk.next}.`);
        from = chunk.next;
        chunks++;
    }
    return { runs: joined(runs), chunks };
}

/** A run that a chunk's end cut in two is one again. */
export function joined(runs: readonly Run[]): Run[] {
    const result: Run[] = [];
    for (const run of runs) {
        const last = result.at(-1);
        if (last !== undefined && last.first + last.pages === run.first && last.state === run.state) {
            result[result.length - 1] = { ...last, pages: last.pages + run.pages };
        } else {
            result.push(run);
        }
    }
    return result;
}

/** Runs of equal digits of a text with one digit per page; 0 is no run. */
export function runsOfDigits(digits: string, first = 0, end = digits.length): Run[] {
    const single = Array.from({ length: end - first }, (_, index) => ({
        ...{ first: first + index, pages: 1 },
        state: Number(digits.charAt(first + index)),
    }));
    return joined(single).filter(({ state }) => state !== 0);
}
