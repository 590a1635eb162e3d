/** The layer "Dirty": what the guest wrote since the VMM last took KVM's dirty log. */
import { makeLayer, notKnown, outsideMemslots, plain } from '../mapLayer';
import type { PageKind } from '../openedMap';
import { dirtyOf } from '../pageState';

export const dirtyLayer = makeLayer(
    { id: 'dirty', name: 'Dirty', onlyFor: null },
    {
        dirty: plain('Dirty', 'changed', 'KVM logged a write since the VMM last took the dirty log.'),
        unknown: notKnown('KVM does not log dirty pages in this memslot, or the log could not be read.'),
        clean: plain('Clean', 'quiet', 'KVM logged no write since the VMM last took the dirty log.'),
        outside: outsideMemslots,
    },
    ({ state, inMemslot }: PageKind) => {
        if (!inMemslot) return 'outside';
        const dirty = dirtyOf(state);
        return dirty === null ? 'unknown' : dirty ? 'dirty' : 'clean';
    },
);
