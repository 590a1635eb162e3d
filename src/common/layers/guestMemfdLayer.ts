/** The layer "guest_memfd side": what the guest_memfd behind a memslot holds, whatever the guest uses. */
import { makeLayer, marked, notKnown, outsideMemslots, plain } from '../mapLayer';
import { gmemStateOf } from '../pageState';

export const guestMemfdLayer = makeLayer(
    { id: 'guestMemfd', name: 'guest_memfd side', onlyFor: null },
    {
        allocated: marked('Allocated, not yet prepared', 'guestMemfd', 'dot', 'ink', 'The page exists but has not been prepared for the guest.'),
        prepared: plain('Prepared', 'guestMemfd', 'The page exists and has been zeroed or otherwise readied for the guest.'),
        absent: plain('No page', 'guestMemfdAbsent', 'No page exists yet; the first private access allocates it.'),
        unknown: notKnown('Whether a page exists could not be read; see the notes below the map.'),
        none: marked('No guest_memfd', 'quiet', 'cross', 'quietMark', 'No guest_memfd is bound to this memslot.'),
        outside: outsideMemslots,
    },
    ({ state, inMemslot }) => (inMemslot ? (gmemStateOf(state) ?? 'unknown') : 'outside'),
);
