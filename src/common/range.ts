import { addressLimit, pageSize, parseAddress, toHex, type Gpa, type Hex } from './address';
import { errors } from './errors';

/** A half-open range of guest physical addresses, page-granular, never empty: [start, start + size). */
export interface GpaRange {
    readonly start: Gpa;
    readonly size: bigint;
}

/** The written form of a range: "0x1000+0x2000". */
export type RangeText = string;

/** The wire form of a range. */
export interface WireRange {
    readonly gpa: Hex;
    readonly size: Hex;
}

export function rangeEnd(range: GpaRange): bigint {
    return range.start + range.size;
}

/** Checks what every range of the program has to be; throws `usage` with the rule that was broken. */
export function makeRange(start: bigint, size: bigint): GpaRange {
    const written = `${toHex(start)}+${toHex(size)}`;
    if (size <= 0n) throw errors.badRange(written, 'its size is zero');
    if (start % pageSize !== 0n || size % pageSize !== 0n) {
        throw errors.badRange(written, 'address and size must be multiples of the page size, 0x1000');
    }
    if (start + size > addressLimit) throw errors.badRange(written, 'it reaches beyond 64 bits');
    return { start: start as Gpa, size };
}

/** Parses "GPA+SIZE", each part hex with 0x or decimal; throws `usage` when it is not one. */
export function parseRange(text: string): GpaRange {
    const parts = text.split('+');
    const start = parseAddress(parts[0] ?? '');
    const size = parseAddress(parts[1] ?? '');
    if (parts.length !== 2 || start === undefined || size === undefined) {
        throw errors.badRange(text, 'it is not of the form GPA+SIZE, for example 0x1000+0x2000');
    }
    return makeRange(start, size);
}

export function formatRange(range: GpaRange): RangeText {
    return `${toHex(range.start)}+${toHex(range.size)}`;
}

export function toWireRange(range: GpaRange): WireRange {
    return { gpa: toHex(range.start), size: toHex(range.size) };
}
