/**
 * The state of a page as one 32-bit word, so that runs travel and are drawn as typed arrays. This file is the only
 * place that knows the bits.
 *
 *   bit  0      attribute: 0 shared, 1 private
 *   bits 1-2    scope: none, vm, guest_memfd
 *   bits 3-5    HVA side: none, absent, present, swapped, zero, unknown
 *   bit  6      HVA side is mapped by the VMM (only with present)
 *   bits 7-8    HVA page size: unknown, 4K, 2M, 1G
 *   bits 9-11   guest_memfd side: none, absent, allocated, prepared, unknown
 *   bit  12     both sides are the same physical page (the HVA maps the bound guest_memfd at the same offset)
 *   bits 13-15  guest mapping: unknown, none, 4K, 2M, 1G
 *   bit  16     guest mapping is writable
 *   bits 17-18  dirty: unknown, clean, dirty
 */
import type { Attribute, AttributeScope, GmemBacking, GuestMapping, HvaBacking, PageSizeName } from './model';

export type PageState = number;

export const scopes = ['none', 'vm', 'guest_memfd'] as const;
export const hvaStates = ['none', 'absent', 'present', 'swapped', 'zero', null] as const;
export const gmemStates = ['none', 'absent', 'allocated', 'prepared', null] as const;
const pageSizes = [null, '4K', '2M', '1G'] as const;
const mappingLevels = [null, 'none', '4K', '2M', '1G'] as const;
const dirtyStates = [null, false, true] as const;

export type HvaState = (typeof hvaStates)[number];
export type GmemState = (typeof gmemStates)[number];

/** The parts of a state that have a place in the word; absent ones are "none", "unknown" or false. */
export interface PageStateParts {
    readonly attribute: Attribute;
    readonly scope: AttributeScope;
    readonly hva: HvaState;
    readonly hvaMapped?: boolean;
    readonly hvaPageSize?: PageSizeName | null;
    readonly gmem: GmemState;
    readonly samePage?: boolean;
    readonly guestMapping?: GuestMapping | null;
    readonly dirty?: boolean | null;
}

export function encodePageState(parts: PageStateParts): PageState {
    return (
        (parts.attribute === 'private' ? 1 : 0) |
        (scopes.indexOf(parts.scope) << 1) |
        (hvaStates.indexOf(parts.hva) << 3) |
        (parts.hvaMapped === true ? 1 << 6 : 0) |
        (pageSizes.indexOf(parts.hvaPageSize ?? null) << 7) |
        (gmemStates.indexOf(parts.gmem) << 9) |
        (parts.samePage === true ? 1 << 12 : 0) |
        (mappingLevels.indexOf(parts.guestMapping?.level ?? null) << 13) |
        (parts.guestMapping?.writable === true ? 1 << 16 : 0) |
        (dirtyStates.indexOf(parts.dirty ?? null) << 17)
    );
}

export const isPrivate = (state: PageState): boolean => (state & 1) !== 0;
export const attributeOf = (state: PageState): Attribute => (isPrivate(state) ? 'private' : 'shared');
export const scopeOf = (state: PageState): AttributeScope => scopes[(state >> 1) & 3] ?? 'none';
export const hvaStateOf = (state: PageState): HvaState => hvaStates[(state >> 3) & 7] ?? null;
export const gmemStateOf = (state: PageState): GmemState => gmemStates[(state >> 9) & 7] ?? null;

export function hvaBackingOf(state: PageState): HvaBacking {
    const hva = hvaStateOf(state);
    if (hva !== 'present') return { state: hva };
    return { state: 'present', mapped: (state & (1 << 6)) !== 0, pageSize: pageSizes[(state >> 7) & 3] ?? null };
}

export function gmemBackingOf(state: PageState): GmemBacking {
    return { state: gmemStateOf(state) };
}

export function guestMappingOf(state: PageState): GuestMapping | null {
    const level = mappingLevels[(state >> 13) & 7] ?? null;
    return level === null ? null : { level, writable: (state & (1 << 16)) !== 0 };
}

export function dirtyOf(state: PageState): boolean | null {
    return dirtyStates[(state >> 17) & 3] ?? null;
}

/** Both sides hold a physical page, and not the same one. */
export function isDoubleBacked(state: PageState): boolean {
    const gmem = gmemStateOf(state);
    return hvaStateOf(state) === 'present' && (gmem === 'allocated' || gmem === 'prepared') && (state & (1 << 12)) === 0;
}
