/** The groups in which events are counted over time: a row of the timeline each. */
import type { MapColorName } from './mapColors';
import type { EventCounts } from './eventMethods';
import type { MemoryEventKind } from './memoryEvents';

export interface EventGroup {
    /** For people. */
    readonly name: string;
    readonly meaning: string;
    /** Null = of all kinds. */
    readonly kinds: readonly MemoryEventKind[] | null;
    /** Calls that failed, only. */
    readonly failed: boolean;
    readonly color: MapColorName;
}

export const eventGroups: readonly EventGroup[] = [
    {
        name: 'Conversions',
        meaning: 'Attributes that the VMM sets and KVM changes, and conversions that the guest asks for.',
        kinds: ['attributes', 'attributes-changed', 'conversion-asked'],
        failed: false,
        color: 'changed',
    },
    {
        name: 'guest_memfd',
        meaning: 'guest_memfds that are created, and pages that they get and give back.',
        kinds: ['guest-memfd', 'allocate', 'punch', 'pages-added', 'pages-removed'],
        failed: false,
        color: 'guestMemfd',
    },
    {
        name: 'Faults, mappings',
        meaning: 'Faults of the guest, MEMORY_FAULT exits, pages that are mapped for the guest and unmapped by the host.',
        kinds: ['fault', 'memory-fault', 'mapped', 'unmapped'],
        failed: false,
        color: 'page2m',
    },
    { name: 'Memslots', meaning: 'Memslots that are made, changed and removed.', kinds: ['memslot'], failed: false, color: 'quietMark' },
    { name: 'Failed calls', meaning: 'System calls of the other rows that ended with an error.', kinds: null, failed: true, color: 'unbacked' },
];

/** A row of numbers for each group, from the counts of all events and of those that failed. */
export function sumOfGroups(all: EventCounts, failed: EventCounts): Uint32Array {
    const { buckets } = all;
    const sums = new Uint32Array(eventGroups.length * buckets);
    eventGroups.forEach((group, row) => {
        const { kinds, counts } = group.failed ? failed : all;
        const words = new DataView(counts.buffer, counts.byteOffset, counts.byteLength);
        kinds.forEach((kind, i) => {
            if (group.kinds?.includes(kind) === false) return;
            for (let bucket = 0; bucket < buckets; bucket++) {
                const sum = row * buckets + bucket;
                sums[sum] = (sums[sum] ?? 0) + words.getUint32((i * buckets + bucket) * 4, true);
            }
        });
    });
    return sums;
}
