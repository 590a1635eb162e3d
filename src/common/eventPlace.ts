/** Where in guest physical memory an event happened, by the memslots that the VM has now. */
import { pageSize, parseHex, toHex } from './address';
import type { EventMemslot } from './eventsViewMessages';
import type { MemoryEvent } from './memoryEvents';
import type { WireRange } from './range';

/** In whole pages; null where an event names no memory, or none that a memslot has. */
export function placeOf(event: MemoryEvent, memslots: readonly EventMemslot[]): WireRange | null {
    switch (event.kind) {
        case 'memslot':
        case 'attributes':
        case 'attributes-changed':
        case 'conversion-asked':
        case 'mapped':
        case 'memory-fault':
            return wholePages(bytes(event.gpa), bytes(event.size));
        case 'fault':
            return wholePages(bytes(event.gpa), 1n);
        case 'unmapped':
            return inMemslot(bytes(event.hva), bytes(event.size), memslots, ({ hva }) => hva);
        case 'allocate':
        case 'punch':
        case 'pages-added':
        case 'pages-removed':
        case 'guest-memfd-attributes':
            return inMemslot(bytes(event.offset), bytes(event.size), memslots, ({ guestMemfd }) => (guestMemfd?.inode === event.inode ? guestMemfd.offset : null));
        case 'guest-memfd':
        case 'shadow-fault':
            return null;
    }
}

/** `startOf` says where the memslot begins in the space that `start` is of. */
function inMemslot(start: bigint, size: bigint, memslots: readonly EventMemslot[], startOf: (memslot: EventMemslot) => string | null): WireRange | null {
    for (const memslot of memslots) {
        const at = startOf(memslot);
        if (at === null) continue;
        const first = start > bytes(at) ? start : bytes(at);
        const slotEnd = bytes(at) + bytes(memslot.size);
        const end = start + size < slotEnd ? start + size : slotEnd;
        if (first < end) return wholePages(bytes(memslot.gpa) + first - bytes(at), end - first);
    }
    return null;
}

function wholePages(gpa: bigint, size: bigint): WireRange | null {
    if (size === 0n) return null;
    const start = gpa - (gpa % pageSize);
    const end = ((gpa + size + pageSize - 1n) / pageSize) * pageSize;
    return { gpa: toHex(start), size: toHex(end - start) };
}

/** Of the wire; what is no number there is nowhere. */
const bytes = (text: string): bigint => parseHex(text) ?? 0n;
