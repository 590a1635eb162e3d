/** The layer "Host page size": the size of the pages by which the VMM maps the HVA side. */
import { makeLayer, notKnown, outsideMemslots, plain } from '../mapLayer';
import type { PageKind } from '../openedMap';
import { hvaPageSizeOf, hvaStateOf, isHvaMapped } from '../pageState';

export const hostPageSizeLayer = makeLayer(
    { id: 'hostPageSize', name: 'Host page size', onlyFor: null },
    {
        '4K': plain('4 KiB', 'page4k', 'The VMM maps it as a 4 KiB page.'),
        '2M': plain('2 MiB', 'page2m', 'The VMM maps it within a 2 MiB page.'),
        '1G': plain('1 GiB', 'page1g', 'The VMM maps it within a 1 GiB page.'),
        unknown: notKnown('Whether the VMM maps a page, or of which size, could not be read.'),
        unmapped: plain('Not mapped', 'quiet', 'The VMM maps no page at the HVA.'),
        outside: outsideMemslots,
    },
    ({ state, inMemslot }: PageKind) => {
        if (!inMemslot) return 'outside';
        const size = hvaPageSizeOf(state);
        if (size !== null) return size;
        const hva = hvaStateOf(state);
        const isMapped = hva === 'zero' || (hva === 'present' && isHvaMapped(state));
        return hva === null || isMapped ? 'unknown' : 'unmapped';
    },
);
