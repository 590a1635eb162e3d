/**
 * What the map draws of a page's state: its class. A class is the attribute together with the residency of the side
 * that the guest really uses: the guest_memfd for private pages and where the guest_memfd decides, else the HVA.
 */
import { gmemStateOf, hvaStateOf, isDoubleBacked, isPrivate, scopeOf, type PageState } from '../common/pageState';
import type { Attribute } from '../common/model';

export const residencies = [
    'present',
    'doubleBacked',
    'allocated',
    'absent',
    'swapped',
    'zero',
    'unbacked',
    'unknown',
    'outside',
] as const;
export type Residency = (typeof residencies)[number];

/** Private classes come first, so that they are the first to be drawn, listed and kept visible. */
export type PageClass = number;
export const classCount = 2 * residencies.length;

export function makeClass(attribute: Attribute, residency: Residency): PageClass {
    return (attribute === 'private' ? 0 : residencies.length) + residencies.indexOf(residency);
}

export const classIsPrivate = (pageClass: PageClass): boolean => pageClass < residencies.length;
export const classResidency = (pageClass: PageClass): Residency => residencies[pageClass % residencies.length] ?? 'unknown';

export function classOf(state: PageState, inMemslot: boolean): PageClass {
    return makeClass(isPrivate(state) ? 'private' : 'shared', inMemslot ? residencyOf(state) : 'outside');
}

function residencyOf(state: PageState): Residency {
    if (isDoubleBacked(state)) return 'doubleBacked';
    const usesGuestMemfd = isPrivate(state) || scopeOf(state) === 'guest_memfd';
    const used = usesGuestMemfd ? gmemStateOf(state) : hvaStateOf(state);
    if (used === null) return 'unknown';
    if (used === 'none') return 'unbacked';
    return used === 'prepared' ? 'present' : used;
}

const residencyNames: Record<Residency, string> = {
    present: '',
    doubleBacked: ', double-backed',
    allocated: ', not yet prepared',
    absent: ', no page',
    swapped: ', swapped out',
    zero: ', the zero page',
    unbacked: ', no backing',
    unknown: ', not known',
    outside: ', outside memslots',
};

export function className(pageClass: PageClass): string {
    const residency = classResidency(pageClass);
    if (!classIsPrivate(pageClass)) return `Shared${residencyNames[residency]}`;
    return `Private${residency === 'unbacked' ? ', no guest_memfd' : residencyNames[residency]}`;
}

const residencyMeanings: Record<Residency, string> = {
    present: 'A page exists on the side that the guest uses.',
    doubleBacked: 'Two physical pages back this address: one at the HVA, another in the guest_memfd. One of them is wasted.',
    allocated: 'The page is allocated in the guest_memfd but has not been prepared for the guest.',
    absent: 'No page exists yet; the first access allocates it.',
    swapped: 'The page is swapped out.',
    zero: "The HVA maps the kernel's shared zero page.",
    unbacked: 'The side that the attribute asks for does not exist; the next access of the guest ends in an exit.',
    unknown: 'Whether a page exists could not be read; see the notes below the map.',
    outside: 'The attribute is set where no memslot is.',
};

export function classMeaning(pageClass: PageClass): string {
    return residencyMeanings[classResidency(pageClass)];
}
