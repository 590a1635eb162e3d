/** Single values of the model for people. */
import { formatSize, parseHex, type Hex } from '../../common/address';
import type { GmemBacking, GuestMapping, HvaBacking, Unknown } from '../../common/model';
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

export function guestMappingText(mapping: GuestMapping | null): string {
    if (mapping === null) return notKnown;
    return mapping.level === 'none' ? 'none' : `${mapping.level} ${mapping.writable ? 'writable' : 'read-only'}`;
}

export const dirtyText = (dirty: boolean | null): string => (dirty === null ? notKnown : dirty ? 'dirty' : 'clean');

/** One line for each thing that could not be told. */
export function unknownText(unknown: readonly Unknown[]): string {
    return unknown.map(({ field, reason }) => `unknown: ${escapeText(field)}: ${escapeText(reason)}\n`).join('');
}
