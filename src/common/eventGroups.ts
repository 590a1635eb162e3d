/** The groups in which events are counted over time: a row of the timeline each. */
import type { EventCounts } from './eventMethods';
import type { MapColorName } from './mapColors';
import type { MemoryEventKind } from './memoryEvents';

type GroupOfKinds = 'conversions' | 'guestMemfd' | 'mappings' | 'memslots';

export interface EventGroup {
    /** Failed calls are of all kinds: they are counted in the row of their kind, too. */
    readonly id: GroupOfKinds | 'failed';
    /** For people. */
    readonly name: string;
    readonly meaning: string;
    readonly color: MapColorName;
}

/** In the order of their rows. */
export const eventGroups: readonly EventGroup[] = [
    { id: 'conversions', name: 'Conversions', meaning: 'Attributes that the VMM sets and KVM changes, and conversions that the guest asks for.', color: 'changed' },
    { id: 'guestMemfd', name: 'guest_memfd', meaning: 'guest_memfds that are created, and pages that they get and give back.', color: 'guestMemfd' },
    {
        id: 'mappings',
        name: 'Faults, mappings',
        meaning: 'Faults of the guest, MEMORY_FAULT exits, pages that are mapped for the guest and unmapped by the host.',
        color: 'page2m',
    },
    { id: 'memslots', name: 'Memslots', meaning: 'Memslots that are made, changed and removed.', color: 'quietMark' },
    { id: 'failed', name: 'Failed calls', meaning: 'System calls of the other rows that ended with an error.', color: 'unbacked' },
];

export const groupOfKind: Readonly<Record<MemoryEventKind, GroupOfKinds>> = {
    memslot: 'memslots',
    attributes: 'conversions',
    'attributes-changed': 'conversions',
    'guest-memfd-attributes': 'conversions',
    'conversion-asked': 'conversions',
    'guest-memfd': 'guestMemfd',
    allocate: 'guestMemfd',
    punch: 'guestMemfd',
    'pages-added': 'guestMemfd',
    'pages-removed': 'guestMemfd',
    fault: 'mappings',
    'shadow-fault': 'mappings',
    mapped: 'mappings',
    'memory-fault': 'mappings',
    unmapped: 'mappings',
};

/** A row of numbers for each group, from the counts of all events and of those that failed. */
export function sumOfGroups(all: EventCounts, failed: EventCounts): Uint32Array {
    const { buckets } = all;
    const sums = new Uint32Array(eventGroups.length * buckets);
    eventGroups.forEach(({ id }, row) => {
        const { kinds, counts } = id === 'failed' ? failed : all;
        const words = new DataView(counts.buffer, counts.byteOffset, counts.byteLength);
        kinds.forEach((kind, i) => {
            if (id !== 'failed' && groupOfKind[kind] !== id) return;
            for (let bucket = 0; bucket < buckets; bucket++) {
                const sum = row * buckets + bucket;
                sums[sum] = (sums[sum] ?? 0) + words.getUint32((i * buckets + bucket) * 4, true);
            }
        });
    });
    return sums;
}
