/** The layer "HVA side": what the VMM's mapping behind a memslot holds, whatever the guest uses. */
import { makeLayer, marked, notKnown, outsideMemslots, plain } from '../mapLayer';
import type { PageKind } from '../openedMap';
import { hvaStateOf, isHvaMapped } from '../pageState';

export const hvaLayer = makeLayer(
    { id: 'hva', name: 'HVA side', onlyFor: null },
    {
        swapped: marked('Swapped out', 'hvaAbsent', 'bar', 'hva', 'The page is swapped out.'),
        file: marked('In the file, not mapped', 'hva', 'dot', 'ink', 'The file has the page, but the VMM has not mapped it.'),
        mapped: plain('Mapped by the VMM', 'hva', "The page is in the VMM's page table."),
        zero: marked('The zero page', 'hvaAbsent', 'dot', 'hva', "The HVA maps the kernel's shared zero page, which takes no memory."),
        absent: plain('No page', 'hvaAbsent', 'No page exists yet; the first access allocates it.'),
        unknown: notKnown('Whether a page exists could not be read; see the notes below the map.'),
        none: marked('No HVA side', 'quiet', 'cross', 'quietMark', 'Nothing is mapped at the HVA of this memslot.'),
        outside: outsideMemslots,
    },
    ({ state, inMemslot }: PageKind) => {
        if (!inMemslot) return 'outside';
        const hva = hvaStateOf(state);
        if (hva === 'present') return isHvaMapped(state) ? 'mapped' : 'file';
        return hva ?? 'unknown';
    },
);
