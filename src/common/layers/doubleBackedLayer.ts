/** The layer "Double-backed": on which sides a physical page lies, and which of two is wasted. */
import { makeLayer, marked, notKnown, outsideMemslots, plain } from '../mapLayer';
import type { PageKind } from '../openedMap';
import { gmemStateOf, guestCopyOf, hvaStateOf, isDoubleBacked, isSamePage } from '../pageState';

const wasted = {
    guest_memfd: 'double, HVA wasted',
    hva: 'double, guest_memfd wasted',
    none: 'double, none used',
} as const;

export const doubleBackedLayer = makeLayer(
    { id: 'doubleBacked', name: 'Double-backed', onlyFor: null },
    {
        'double, HVA wasted': marked(
            'Double-backed, HVA page wasted',
            'guestMemfd',
            'stripes',
            'doubleBacked',
            'Two physical pages: the guest uses the one in the guest_memfd, the one at the HVA is wasted.',
        ),
        'double, guest_memfd wasted': marked(
            'Double-backed, guest_memfd page wasted',
            'hva',
            'stripes',
            'doubleBacked',
            'Two physical pages: the guest uses the one at the HVA, the one in the guest_memfd is wasted.',
        ),
        'double, none used': marked(
            'Double-backed, neither used',
            'quiet',
            'stripes',
            'quietMark',
            'Two physical pages, and KVM maps neither of them for the guest.',
        ),
        'same page': marked('One page, on both sides', 'hva', 'dot', 'ink', 'The HVA maps the guest_memfd itself: one physical page.'),
        'guest_memfd alone': plain('Only in the guest_memfd', 'guestMemfd', 'The only physical page is in the guest_memfd.'),
        'HVA alone': plain('Only at the HVA', 'hva', 'The only physical page is at the HVA.'),
        unknown: notKnown('Whether one of the sides has a page could not be read; see the notes below the map.'),
        'no page': plain('No page', 'quiet', 'Neither side has a physical page: absent, swapped out, or the zero page.'),
        outside: outsideMemslots,
    },
    ({ state, detail, inMemslot }: PageKind) => {
        if (!inMemslot) return 'outside';
        if (isDoubleBacked(state)) return wasted[guestCopyOf(detail)];
        const [hva, gmem] = [hvaStateOf(state), gmemStateOf(state)];
        if (hva === null || gmem === null) return 'unknown';
        const isInGuestMemfd = gmem === 'allocated' || gmem === 'prepared';
        if (hva !== 'present') return isInGuestMemfd ? 'guest_memfd alone' : 'no page';
        return isInGuestMemfd && isSamePage(state) ? 'same page' : 'HVA alone';
    },
);
