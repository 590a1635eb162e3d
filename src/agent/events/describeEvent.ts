/** An event as the addon gives it, in numbers, in the model's own words. The only place that knows the numbers. */
import { constants } from 'node:os';
import type { EventColumns, EventRecorder } from '../../../native/index';
import { toHex } from '../../common/address';
import type { FaultAccess, MemoryEvent, MemoryEventKind, ShadowAddressKind } from '../../common/memoryEvents';
import { gmemFlags } from '../guestMemfd/guestMemfds';

/** In the order of the addon's numbers, which begin at 1. */
export const eventKinds: readonly MemoryEventKind[] = [
    'memslot',
    'attributes',
    'attributes-changed',
    'guest-memfd',
    'allocate',
    'pages-added',
    'pages-removed',
    'fault',
    'mapped',
    'memory-fault',
    'unmapped',
    'conversion-asked',
    'punch',
    'guest-memfd-attributes',
    'shadow-fault',
];

/** As the addon knows it. */
export const kindNumber = (kind: MemoryEventKind): number => eventKinds.indexOf(kind) + 1;

export const kindsOf: Record<EventRecorder, readonly MemoryEventKind[]> = {
    record_attributes: ['attributes-changed'],
    record_calls: ['memslot', 'attributes', 'guest-memfd', 'allocate', 'punch', 'guest-memfd-attributes'],
    record_faults: ['fault', 'shadow-fault', 'mapped', 'memory-fault', 'unmapped', 'conversion-asked'],
    record_guest_memfd_pages: ['pages-added', 'pages-removed'],
};

/** Of KVM_SET_USER_MEMORY_REGION. */
const memslotFlags = ['log-dirty-pages', 'readonly', 'guest-memfd'] as const;
const memslotFlagNames = (flags: bigint): string[] => memslotFlags.filter((_, bit) => ((flags >> BigInt(bit)) & 1n) !== 0n);

const privateAttribute = 1n << 3n;
/** KVM_MAP_GPA_RANGE_ENCRYPTED */
const askedPrivate = 1n << 4n;
/** KVM_MEMORY_EXIT_FLAG_PRIVATE */
const faultedPrivate = 1n << 3n;

/** Bits of a page fault's error code (PFERR_…). */
const writeAccess = 1n << 1n;
const fetchAccess = 1n << 4n;
/**
 * With EPT it is the exit qualification instead (Intel SDM, volume 3, table "Exit Qualification for EPT Violations"), of which
 * bit 7 is set for all that the guest accesses by its virtual addresses, and is in no error code. Bit 1 means the same in both.
 */
const isExitQualification = 1n << 7n;
const fetchOfQualification = 1n << 2n;

function accessOf(value: bigint): FaultAccess {
    const fetch = (value & isExitQualification) === 0n ? fetchAccess : fetchOfQualification;
    return (value & fetch) !== 0n ? 'execute' : (value & writeAccess) !== 0n ? 'write' : 'read';
}

/** In the order of the addon's enum shadow_address. */
const shadowAddresses: readonly (ShadowAddressKind | null)[] = [null, 'guest-virtual', 'nested-guest-virtual', 'nested-guest-physical'];
/** What the processor (SEV-SNP) or KVM (TDX) knows as an access to private memory. */
const privateAccess = (1n << 34n) | (1n << 49n);

/** `mayTellPrivate`: the VM is of a type whose faults say whether they are private. */
export function describeEvent(events: EventColumns, i: number, mayTellPrivate: boolean): MemoryEvent {
    const kind = eventKinds[(events.kinds[i] ?? 0) - 1];
    if (kind === undefined) throw new Error(`The addon gave an event of the unknown kind ${events.kinds[i] ?? 'none'}.`);
    const start = toHex(events.starts[i] ?? 0n);
    const size = toHex(events.sizes[i] ?? 0n);
    const value = events.values[i] ?? 0n;
    const detail = events.details[i] ?? 0n;
    const inode = events.inodes[i] ?? 0;
    const number = events.numbers[i] ?? -1;
    const result = events.results[i] ?? 0;
    const thread = events.threads[i] ?? 0;
    const occurrence = { time: toTime(events.times[i] ?? 0), thread: thread === 0 ? null : thread };
    const call = { ...occurrence, microseconds: (events.durations[i] ?? 0) / 1000, error: result < 0 ? errnoName(-result) : null };
    switch (kind) {
        case 'memslot':
            return {
                kind,
                ...call,
                addressSpace: events.addressSpaces[i] ?? 0,
                memslot: number,
                gpa: start,
                size,
                hva: toHex(detail),
                flags: memslotFlagNames(value),
                guestMemfd: inode === 0 ? null : { inode, offset: toHex(events.inodeOffsets[i] ?? 0n) },
            };
        case 'attributes':
            return { kind, ...call, gpa: start, size, to: (value & privateAttribute) !== 0n ? 'private' : 'shared' };
        case 'attributes-changed':
            return { kind, ...occurrence, gpa: start, size, to: (value & privateAttribute) !== 0n ? 'private' : 'shared' };
        case 'guest-memfd':
            return { kind, ...call, size, flags: gmemFlags(value), fd: result < 0 ? null : result };
        case 'allocate':
        case 'punch':
            return { kind, ...call, inode, offset: start, size };
        case 'guest-memfd-attributes':
            return {
                kind,
                ...call,
                inode,
                offset: start,
                size,
                to: (value & privateAttribute) !== 0n ? 'private' : 'shared',
                errorOffset: call.error === 'EAGAIN' ? toHex(detail) : null,
            };
        case 'pages-added':
        case 'pages-removed':
            return { kind, ...occurrence, inode, offset: start, size };
        case 'fault':
            return {
                kind,
                ...occurrence,
                vcpu: number,
                gpa: start,
                access: accessOf(value),
                private: mayTellPrivate ? (value & privateAccess) !== 0n : null,
            };
        case 'shadow-fault':
            return { kind, ...occurrence, vcpu: number, address: start, addressKind: shadowAddresses[Number(events.sizes[i])] ?? null, access: accessOf(value) };
        case 'mapped':
            return { kind, ...occurrence, gpa: start, size };
        case 'memory-fault':
            return { kind, ...occurrence, vcpu: number < 0 ? null : number, gpa: start, size, private: (value & faultedPrivate) !== 0n };
        case 'unmapped':
            return { kind, ...occurrence, hva: start, size };
        case 'conversion-asked':
            return { kind, ...occurrence, gpa: start, size, to: (value & askedPrivate) !== 0n ? 'private' : 'shared' };
    }
}

/** ISO 8601 with microseconds, from microseconds since 1970. */
export function toTime(microseconds: number): string {
    const part = Math.floor(microseconds) % 1000;
    return new Date(Math.floor(microseconds / 1000)).toISOString().replace('Z', `${String(part).padStart(3, '0')}Z`);
}

/** Second names of numbers that the kernel calls otherwise. */
const otherNames = ['EWOULDBLOCK', 'ENOTSUP'];
const errnoNames = new Map(Object.entries(constants.errno).flatMap(([name, number]) => (otherNames.includes(name) ? [] : [[number, name]])));

export const errnoName = (number: number): string => errnoNames.get(number) ?? `errno ${number}`;
