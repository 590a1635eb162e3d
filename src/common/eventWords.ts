/** What an event is called and what it says, in words. */
import { formatSize, type Hex } from './address';
import type { MemoryEvent, MemoryEventKind, ShadowAddressKind } from './memoryEvents';

export const eventNames: Readonly<Record<MemoryEventKind, string>> = {
    memslot: 'Memslot set',
    attributes: 'Attributes set',
    'attributes-changed': 'Attributes changed',
    'guest-memfd': 'guest_memfd created',
    allocate: 'guest_memfd allocated',
    punch: 'guest_memfd punched',
    'guest-memfd-attributes': 'guest_memfd converted',
    'pages-added': 'Page added',
    'pages-removed': 'Page removed',
    fault: 'Guest fault',
    'shadow-fault': 'Shadow MMU fault',
    mapped: 'Mapped for the guest',
    'memory-fault': 'MEMORY_FAULT exit',
    unmapped: 'Unmapped by the host',
    'conversion-asked': 'Conversion asked',
};

export const eventKinds = Object.keys(eventNames) as readonly MemoryEventKind[];

const shadowAddressNames: Readonly<Record<ShadowAddressKind | 'unknown', string>> = {
    'guest-virtual': 'GVA',
    'nested-guest-virtual': "nested guest's GVA",
    'nested-guest-physical': "nested guest's GPA",
    unknown: 'address of an unknown kind',
};

const sized = (start: Hex, size: Hex): string => `${start}+${size} (${formatSize(BigInt(size))})`;

/** One line without the time and the thread: "Attributes set  0x1000+0x2000 (8 KiB) private, 102 µs". */
export function eventText(event: MemoryEvent): string {
    return `${eventNames[event.kind].padEnd(20)}  ${[whatOf(event), ...callOf(event)].filter((part) => part !== '').join(', ')}`;
}

/** What it is about: "0x1000+0x2000 (8 KiB) to private". */
export function whatOf(event: MemoryEvent): string {
    switch (event.kind) {
        case 'memslot': {
            const slot = `slot ${event.memslot}${event.addressSpace === 0 ? '' : ` of address space ${event.addressSpace}`}`;
            if (event.size === '0x0') return `${slot} removed`;
            const { guestMemfd } = event;
            const bound = guestMemfd === null ? [] : [`bound to inode ${guestMemfd.inode} at ${guestMemfd.offset}`];
            return [`${slot}: ${sized(event.gpa, event.size)} at HVA ${event.hva}`, ...event.flags, ...bound].join(', ');
        }
        case 'attributes':
        case 'attributes-changed':
        case 'conversion-asked':
            return `${sized(event.gpa, event.size)} to ${event.to}`;
        case 'guest-memfd':
            return [formatSize(BigInt(event.size)), ...event.flags, ...(event.fd === null ? [] : [`fd ${event.fd}`])].join(', ');
        case 'allocate':
        case 'punch':
        case 'pages-added':
        case 'pages-removed':
            return `${sized(event.offset, event.size)} of inode ${event.inode}`;
        case 'guest-memfd-attributes': {
            const stopped = event.errorOffset === null ? '' : `, held at ${event.errorOffset}`;
            return `${sized(event.offset, event.size)} of inode ${event.inode} to ${event.to}${stopped}`;
        }
        case 'fault': {
            const which = event.private === null ? '' : event.private ? 'private ' : 'shared ';
            return `${event.gpa} ${which}${event.access} by vCPU ${event.vcpu}`;
        }
        case 'shadow-fault':
            return `${shadowAddressNames[event.addressKind ?? 'unknown']} ${event.address} ${event.access} by vCPU ${event.vcpu}`;
        case 'mapped':
            return sized(event.gpa, event.size);
        case 'memory-fault': {
            const by = event.vcpu === null ? '' : ` by vCPU ${event.vcpu}`;
            return `${sized(event.gpa, event.size)} ${event.private ? 'private' : 'shared'} access${by}`;
        }
        case 'unmapped':
            return `HVA ${sized(event.hva, event.size)}`;
    }
}

/** How a call went. */
function callOf(event: MemoryEvent): string[] {
    if (!('microseconds' in event)) return [];
    const took = durationText(event.microseconds);
    return event.error === null ? [took] : [`failed with ${event.error}`, took];
}

export const durationText = (microseconds: number): string => `${microseconds.toFixed(microseconds < 10 ? 1 : 0)} µs`;
