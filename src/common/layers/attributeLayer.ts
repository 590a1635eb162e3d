/** The layer "Attribute": private or shared, and who decides it. */
import { makeLayer, marked, plain } from '../mapLayer';
import { attributeOf, scopeOf } from '../pageState';

const byVm = 'The VM decides page by page (KVM_SET_MEMORY_ATTRIBUTES).';
const byGuestMemfd = 'The guest_memfd behind the memslot decides.';

export const attributeLayer = makeLayer(
    { id: 'attribute', name: 'Attribute', onlyFor: null },
    {
        'private outside': marked('Private, outside memslots', 'hole', 'outline', 'private', 'The attribute is set where no memslot is.'),
        'private none': marked('Private, decided by nobody', 'private', 'cross', 'ink', 'Private, though nothing can be private here.'),
        'private guest_memfd': marked('Private by its guest_memfd', 'private', 'dot', 'ink', byGuestMemfd),
        'private vm': plain('Private', 'private', byVm),
        'shared outside': marked('Shared, outside memslots', 'hole', 'outline', 'shared', 'The attribute is known where no memslot is.'),
        'shared guest_memfd': marked('Shared by its guest_memfd', 'shared', 'dot', 'ink', byGuestMemfd),
        'shared vm': plain('Shared', 'shared', byVm),
        'shared none': plain('Always shared', 'quiet', 'Nothing can be private here: there is no guest_memfd, or the VM has no private memory.'),
    },
    ({ state, inMemslot }) => `${attributeOf(state)} ${inMemslot ? scopeOf(state) : 'outside'}` as const,
);
