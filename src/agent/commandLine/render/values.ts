/** Single values of the model as a cell of a table has room for; common/factWords.ts has the words for lines. */
import { formatSize, parseHex, type Hex } from '../../../common/address';
import { fieldText } from '../../../common/factWords';
import type { GmemBacking, GuestCopy, GuestMapping, HvaBacking, LargerPageObstacle, Unknown } from '../../../common/model';
import { escapeText } from './text';

/** What is not known; `unknown` says why. */
export const notKnown = '?';

export const sizeText = (size: Hex | null): string => (size === null ? notKnown : formatSize(parseHex(size) ?? 0n));

export const numberText = (value: number | null): string => (value === null ? notKnown : String(value));

/** With the rights of the VMM's mapping: "present 4K rw-". */
export function hvaText(backing: HvaBacking): string {
    if (backing.state === 'none') return 'none';
    const words = [
        backing.state === 'present' ? (backing.mapped ? 'present' : 'in file') : (backing.state ?? notKnown),
        ...(backing.state === 'present' && backing.pageSize !== null ? [backing.pageSize] : []),
        ...(backing.rights === null ? [] : [backing.rights]),
    ];
    return words.join(' ');
}

/** The node only where there is more than the first one: "prepared n1". */
export function gmemText(backing: GmemBacking): string {
    const node = backing.state === 'allocated' || backing.state === 'prepared' ? (backing.node ?? 0) : 0;
    return (backing.state ?? notKnown) + (node === 0 ? '' : ` n${node}`);
}

export const copyText = (copy: GuestCopy): string => ({ hva: 'HVA', guest_memfd: 'gmem', none: 'none' })[copy];

/** Size and rights: "4K rwx". What the guest may read is mapped, so it is always "r". */
export function guestMappingText(mapping: GuestMapping | null): string {
    if (mapping === null) return notKnown;
    if (mapping.level === 'none') return 'none';
    return `${mapping.level} r${mapping.writable ? 'w' : '-'}${mapping.executable ? 'x' : '-'}`;
}

/** Empty where it was not asked for, or this processor does not tell. */
export function notedText(mapping: GuestMapping | null): string {
    if (mapping === null || mapping.level === 'none' || mapping.accessed === null) return '';
    return `${mapping.accessed ? 'accessed' : 'not accessed'}, ${mapping.dirty === true ? 'dirty' : 'not dirty'}`;
}

/** The first, and how many more there are: `explain` has the room for all. */
export function obstaclesText(obstacles: readonly LargerPageObstacle[] | null): string {
    const [first, ...more] = obstacles ?? [];
    return (first ?? '') + (more.length === 0 ? '' : ` +${more.length}`);
}

export const dirtyText = (dirty: boolean | null): string => (dirty === null ? notKnown : dirty ? 'dirty' : 'clean');

/** One line for each thing that could not be told. */
export function unknownText(unknown: readonly Unknown[]): string {
    return unknown.map(({ field, reason }) => `unknown: ${escapeText(fieldText(field))}: ${escapeText(reason)}\n`).join('');
}
