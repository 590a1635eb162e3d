/**
 * The layer "State": the attribute together with the residency of the side that the guest really uses, which is the
 * guest_memfd for private pages and where the guest_memfd decides, else the HVA.
 */
import type { MapColorName } from '../mapColors';
import { makeLayer, type MapClass, type MapMark } from '../mapLayer';
import type { Attribute } from '../model';
import { attributeOf, gmemStateOf, hvaStateOf, isDoubleBacked, isPrivate, scopeOf, type PageState } from '../pageState';

const residencies = ['present', 'doubleBacked', 'allocated', 'absent', 'swapped', 'zero', 'unbacked', 'unknown', 'outside'] as const;
type Residency = (typeof residencies)[number];

const names: Record<Residency, string> = {
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

const meanings: Record<Residency, string> = {
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

const strong = { private: 'private', shared: 'shared' } as const;
const allocated = { private: 'privateAllocated', shared: 'sharedAllocated' } as const;
const absent = { private: 'privateAbsent', shared: 'sharedAbsent' } as const;

function lookOf(attribute: Attribute, residency: Residency): { fill: MapColorName; mark: MapMark; markColor: MapColorName } {
    const marked = (fill: MapColorName, mark: MapMark, markColor: MapColorName = strong[attribute]) => ({ fill, mark, markColor });
    switch (residency) {
        case 'present':
            return marked(strong[attribute], 'none');
        case 'allocated':
            return marked(allocated[attribute], 'none');
        case 'absent':
            return marked(absent[attribute], 'none');
        case 'doubleBacked':
            return marked(strong[attribute], 'stripes', 'doubleBacked');
        case 'swapped':
            return marked(absent[attribute], 'bar');
        case 'zero':
            return marked(absent[attribute], 'dot');
        case 'unbacked':
            return marked(absent[attribute], 'cross', 'unbacked');
        case 'unknown':
            return marked(absent[attribute], 'checker');
        case 'outside':
            return marked('hole', 'outline');
    }
}

function makeClass(attribute: Attribute, residency: Residency): MapClass {
    const isUnbacked = attribute === 'private' && residency === 'unbacked';
    return {
        name: (attribute === 'private' ? 'Private' : 'Shared') + (isUnbacked ? ', no guest_memfd' : names[residency]),
        meaning: meanings[residency],
        ...lookOf(attribute, residency),
    };
}

function residencyOf(state: PageState): Residency {
    if (isDoubleBacked(state)) return 'doubleBacked';
    const usesGuestMemfd = isPrivate(state) || scopeOf(state) === 'guest_memfd';
    const used = usesGuestMemfd ? gmemStateOf(state) : hvaStateOf(state);
    if (used === null) return 'unknown';
    if (used === 'none') return 'unbacked';
    return used === 'prepared' ? 'present' : used;
}

// Private classes come first, so that they are the first to be drawn, listed and kept visible.
const pairs = (['private', 'shared'] as const).flatMap((attribute) =>
    // A guest_memfd is never swapped and has no zero page.
    residencies
        .filter((residency) => attribute === 'shared' || (residency !== 'swapped' && residency !== 'zero'))
        .map((residency) => ({ attribute, residency })),
);

export const stateLayer = makeLayer<string>(
    { id: 'state', name: 'State', onlyFor: null },
    Object.fromEntries(pairs.map(({ attribute, residency }) => [`${attribute} ${residency}`, makeClass(attribute, residency)])),
    ({ state, inMemslot }) => `${attributeOf(state)} ${inMemslot ? residencyOf(state) : 'outside'}`,
);
