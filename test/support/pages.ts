/** Ranges and page maps, taken apart into pages, for comparing with what a VMM says. */
import type { PageMap, PageRun } from '../../src/common/model';

export const page = 4096n;

export interface HexRange {
    readonly gpa: string;
    readonly size: string;
}

export const startOf = (range: HexRange): bigint => BigInt(range.gpa);
export const endOf = (range: HexRange): bigint => BigInt(range.gpa) + BigInt(range.size);

export function contains(range: HexRange | null, gpa: bigint): boolean {
    return range !== null && gpa >= startOf(range) && gpa < endOf(range);
}

/** The GPAs of the pages of a range. */
export function pagesOf(range: HexRange): bigint[] {
    return Array.from({ length: Number(BigInt(range.size) / page) }, (_, index) => startOf(range) + BigInt(index) * page);
}

export function runAt(map: PageMap, gpa: bigint): PageRun {
    const run = map.runs.find((candidate) => contains(candidate, gpa));
    if (run === undefined) throw new Error(`The map has no run at 0x${gpa.toString(16)}.`);
    return run;
}

export const hex = (value: bigint): string => `0x${value.toString(16)}`;
