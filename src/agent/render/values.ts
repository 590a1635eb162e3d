/** Single values of the model for people. */
import { formatSize, parseHex, type Hex } from '../../common/address';
import type { GmemBacking, HvaBacking, Unknown } from '../../common/model';
import { escapeText } from './text';

/** What is not known; `unknown` says why. */
export const notKnown = '?';

export const sizeText = (size: Hex | null): string => (size === null ? notKnown : formatSize(parseHex(size) ?? 0n));

export const numberText = (value: number | null): string => (value === null ? notKnown : String(value));

export function hvaText(backing: HvaBacking): string {
    if (backing.state !== 'present') return backing.state ?? notKnown;
    const size = backing.pageSize === null ? '' : ` ${backing.pageSize}`;
    return backing.mapped ? `present${size}` : `in file${size}`;
}

export const gmemText = (backing: GmemBacking): string => backing.state ?? notKnown;

/** One line for each thing that could not be told. */
export function unknownText(unknown: readonly Unknown[]): string {
    return unknown.map(({ field, reason }) => `unknown: ${escapeText(field)}: ${escapeText(reason)}\n`).join('');
}
