/** The layer "Guest mapping": the size of the pages that KVM maps for the guest, and whether it may write there. */
import { makeLayer, marked, notKnown, outsideMemslots, plain } from '../mapLayer';
import type { PageKind } from '../openedMap';
import { guestMappingOf } from '../pageState';

const readOnly = 'A write of the guest faults into KVM first.';

export const guestMappingLayer = makeLayer(
    { id: 'guestMapping', name: 'Guest mapping', onlyFor: null },
    {
        '4K read-only': marked('4 KiB, not writable', 'page4k', 'stripes', 'ink', `KVM maps it as a 4 KiB page. ${readOnly}`),
        '4K': plain('4 KiB', 'page4k', 'KVM maps it for the guest as a 4 KiB page.'),
        '2M read-only': marked('2 MiB, not writable', 'page2m', 'stripes', 'ink', `KVM maps it within a 2 MiB page. ${readOnly}`),
        '2M': plain('2 MiB', 'page2m', 'KVM maps it for the guest within a 2 MiB page.'),
        '1G read-only': marked('1 GiB, not writable', 'page1g', 'stripes', 'ink', `KVM maps it within a 1 GiB page. ${readOnly}`),
        '1G': plain('1 GiB', 'page1g', 'KVM maps it for the guest within a 1 GiB page.'),
        unknown: notKnown('What KVM maps for the guest could not be read; see the notes below the map.'),
        none: plain('Not mapped', 'quiet', 'KVM maps nothing here; the next access by the guest faults into KVM.'),
        outside: outsideMemslots,
    },
    ({ state, detail, inMemslot }: PageKind) => {
        if (!inMemslot) return 'outside';
        const mapping = guestMappingOf(state, detail);
        if (mapping === null) return 'unknown';
        if (mapping.level === 'none') return 'none';
        return mapping.writable ? mapping.level : (`${mapping.level} read-only` as const);
    },
);
