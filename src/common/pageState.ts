/**
 * The state of a page as two 32-bit words, so that runs travel and are drawn as typed arrays. This file is the only
 * place that knows the bits. The first word, the state:
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
 *
 * The second word, the detail, is zero where nothing more is known:
 *
 *   bits 0-3    rights of the VMM's mapping: read, write, execute, and that they are known
 *   bits 4-13   NUMA node of the guest_memfd's page, plus one
 *   bit  14     guest mapping is executable
 *   bits 15-16  guest mapping was accessed: unknown, no, yes
 *   bits 17-18  guest mapping is dirty: unknown, no, yes
 *   bits 19-25  why the guest mapping is not larger, in the order of largerPageObstacles
 *   bit  26     these reasons are known
 *   bits 27-28  the copy that the guest uses: none, HVA, guest_memfd
 */
import {
    largerPageObstacles,
    type Attribute,
    type AttributeScope,
    type GmemBacking,
    type GuestCopy,
    type GuestMapping,
    type HvaBacking,
    type LargerPageObstacle,
    type PageSizeName,
} from './model';

export type PageState = number;
export type PageDetail = number;

export const scopes = ['none', 'vm', 'guest_memfd'] as const;
export const hvaStates = ['none', 'absent', 'present', 'swapped', 'zero', null] as const;
export const gmemStates = ['none', 'absent', 'allocated', 'prepared', null] as const;
export const pageSizes = [null, '4K', '2M', '1G'] as const;
export const mappingLevels = [null, 'none', '4K', '2M', '1G'] as const;
const dirtyStates = [null, false, true] as const;
export const copies = ['none', 'hva', 'guest_memfd'] as const;
export const largestNode = 1022;

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
    readonly guestMapping?: { readonly level: GuestMapping['level']; readonly writable: boolean } | null;
    readonly dirty?: boolean | null;
}

/** The parts of a detail; absent ones are unknown. */
export interface PageDetailParts {
    /** "rw-" */
    readonly rights?: string | null;
    readonly gmemNode?: number | null;
    readonly executable?: boolean;
    readonly accessed?: boolean | null;
    readonly guestDirty?: boolean | null;
    readonly whyNotLarger?: readonly LargerPageObstacle[] | null;
    readonly guestUses?: GuestCopy;
}

export type PageParts = Required<PageStateParts> & Required<PageDetailParts>;

export function encodePageDetail(parts: PageDetailParts): PageDetail {
    const { rights = null, gmemNode = null, whyNotLarger = null } = parts;
    return (
        (rights === null ? 0 : 8 | (rights[0] === 'r' ? 1 : 0) | (rights[1] === 'w' ? 2 : 0) | (rights[2] === 'x' ? 4 : 0)) |
        (gmemNode === null || gmemNode > largestNode ? 0 : (gmemNode + 1) << 4) |
        (parts.executable === true ? 1 << 14 : 0) |
        (dirtyStates.indexOf(parts.accessed ?? null) << 15) |
        (dirtyStates.indexOf(parts.guestDirty ?? null) << 17) |
        (whyNotLarger === null ? 0 : 1 << 26) |
        (whyNotLarger ?? []).reduce((bits, obstacle) => bits | (1 << (19 + largerPageObstacles.indexOf(obstacle))), 0) |
        (copies.indexOf(parts.guestUses ?? 'none') << 27)
    );
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
/** Of a page that is present: the VMM maps it. */
export const isHvaMapped = (state: PageState): boolean => (state & (1 << 6)) !== 0;
export const gmemStateOf = (state: PageState): GmemState => gmemStates[(state >> 9) & 7] ?? null;

export function hvaBackingOf(state: PageState, detail: PageDetail): HvaBacking {
    const hva = hvaStateOf(state);
    if (hva === 'none') return { state: hva };
    const rights = rightsOf(detail);
    if (hva !== 'present') return { state: hva, rights };
    return { state: 'present', mapped: isHvaMapped(state), pageSize: hvaPageSizeOf(state), rights };
}

function rightsOf(detail: PageDetail): string | null {
    if ((detail & 8) === 0) return null;
    return ((detail & 1) !== 0 ? 'r' : '-') + ((detail & 2) !== 0 ? 'w' : '-') + ((detail & 4) !== 0 ? 'x' : '-');
}

export function gmemBackingOf(state: PageState, detail: PageDetail): GmemBacking {
    const gmem = gmemStateOf(state);
    if (gmem !== 'allocated' && gmem !== 'prepared') return { state: gmem };
    return { state: gmem, node: nodeOf(detail) };
}

function nodeOf(detail: PageDetail): number | null {
    const node = (detail >> 4) & 1023;
    return node === 0 ? null : node - 1;
}

export function guestMappingOf(state: PageState, detail: PageDetail): GuestMapping | null {
    const level = guestLevelOf(state);
    if (level === null) return null;
    if (level === 'none') return { level, writable: false };
    return {
        level,
        writable: (state & (1 << 16)) !== 0,
        executable: isGuestExecutable(detail),
        accessed: dirtyStates[(detail >> 15) & 3] ?? null,
        dirty: dirtyStates[(detail >> 17) & 3] ?? null,
    };
}

/** The guest mapping's size alone, for what looks at millions of states. */
export const guestLevelOf = (state: PageState): GuestMapping['level'] | null => mappingLevels[(state >> 13) & 7] ?? null;

export const isGuestExecutable = (detail: PageDetail): boolean => (detail & (1 << 14)) !== 0;

/** Of the page that the VMM maps, the zero page included; null when not known. */
export const hvaPageSizeOf = (state: PageState): PageSizeName | null => pageSizes[(state >> 7) & 3] ?? null;

export function whyNotLargerOf(detail: PageDetail): LargerPageObstacle[] | null {
    if ((detail & (1 << 26)) === 0) return null;
    return largerPageObstacles.filter((_, index) => (detail & (1 << (19 + index))) !== 0);
}

/** Nothing is against a larger guest mapping, as far as that is known: `whyNotLargerOf` is empty. */
export const isFreeToBeLarger = (detail: PageDetail): boolean => (detail & (255 << 19)) === 1 << 26;

export const guestCopyOf = (detail: PageDetail): GuestCopy => copies[(detail >> 27) & 3] ?? 'none';

export function dirtyOf(state: PageState): boolean | null {
    return dirtyStates[(state >> 17) & 3] ?? null;
}

/** The HVA maps the bound guest_memfd at the same offset. */
export const isSamePage = (state: PageState): boolean => (state & (1 << 12)) !== 0;

/** Both sides hold a physical page, and not the same one. */
export function isDoubleBacked(state: PageState): boolean {
    const gmem = gmemStateOf(state);
    return hvaStateOf(state) === 'present' && (gmem === 'allocated' || gmem === 'prepared') && (state & (1 << 12)) === 0;
}

/** All that the words say, so that encoding it gives the same words. */
export function describePage(state: PageState, detail: PageDetail): PageParts {
    return {
        attribute: attributeOf(state),
        scope: scopeOf(state),
        hva: hvaStateOf(state),
        hvaMapped: (state & (1 << 6)) !== 0,
        hvaPageSize: hvaPageSizeOf(state),
        gmem: gmemStateOf(state),
        samePage: isSamePage(state),
        guestMapping: describeGuestMapping(state),
        dirty: dirtyOf(state),
        rights: rightsOf(detail),
        gmemNode: nodeOf(detail),
        executable: isGuestExecutable(detail),
        accessed: dirtyStates[(detail >> 15) & 3] ?? null,
        guestDirty: dirtyStates[(detail >> 17) & 3] ?? null,
        whyNotLarger: whyNotLargerOf(detail),
        guestUses: guestCopyOf(detail),
    };
}

function describeGuestMapping(state: PageState): PageParts['guestMapping'] {
    const level = guestLevelOf(state);
    return level === null ? null : { level, writable: (state & (1 << 16)) !== 0 };
}
