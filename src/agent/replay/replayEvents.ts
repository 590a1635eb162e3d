/** Applies recorded events to a state. Kinds of events that are not here change nothing that a replay tells. */
import type { EventColumns } from '../../../native/index';
import { slotOf } from '../details/memslots';
import { privateAttribute } from '../pages/attributeWalk';
import type { MemoryEventKind } from '../../common/memoryEvents';
import { isMappable } from '../guestMemfd/guestMemfds';
import { eventKinds } from '../events/describeEvent';
import type { ReplayState } from './replayState';

/** Those that are here. */
export const replayedKinds = [
    'memslot',
    'attributes',
    'attributes-changed',
    'guest-memfd',
    'pages-added',
    'pages-removed',
    'guest-memfd-attributes',
] as const satisfies readonly MemoryEventKind[];

/** What does not change while it is replayed. */
export interface ReplayRules {
    /** The kernel tells each change of attributes; without that the calls must do. */
    readonly tellsAttributeChanges: boolean;
    /** Each guest_memfd has attributes of its own. */
    readonly convertsInPlace: boolean;
}

/** Applies the events [from, to) of the columns. */
export function applyEvents(state: ReplayState, events: EventColumns, from: number, to: number, rules: ReplayRules): void {
    const { times, kinds, threads, results, durations, inodes } = events;
    const starts = halvesOf(events.starts);
    const sizes = halvesOf(events.sizes);
    const values = halvesOf(events.values);
    for (let i = from; i < to; i++) {
        const first = pagesIn(starts, i);
        const last = first + pagesIn(sizes, i);
        const isPrivate = ((values[2 * i] ?? 0) & privateAttribute) !== 0;
        const failed = (results[i] ?? 0) < 0;
        const inode = inodes[i] ?? 0;
        const thread = threads[i] ?? 0;
        const time = times[i] ?? 0;
        switch (eventKinds[(kinds[i] ?? 0) - 1]) {
            case 'memslot':
                if (!failed) setSlot(state, events, i, first, last);
                break;
            case 'guest-memfd':
                if (!failed && inode !== 0) state.makeGuestMemfd(inode, last, events.values[i] ?? 0n, rules.convertsInPlace);
                break;
            case 'attributes':
                if (!failed && !rules.tellsAttributeChanges) state.setAttributes(first, last, isPrivate);
                state.endAttributeCall({ thread, begin: time - (durations[i] ?? 0) / 1000, end: time, first, last, isPrivate, failed });
                break;
            case 'attributes-changed':
                state.changeAttributes(thread, time, first, last, isPrivate);
                break;
            case 'pages-added':
                state.addPages(inode, first, last);
                break;
            case 'pages-removed':
                state.removePages(inode, first, last);
                break;
            case 'guest-memfd-attributes':
                if (!failed) state.setGuestMemfdAttributes(inode, first, last, isPrivate);
                break;
        }
    }
}

function setSlot(state: ReplayState, events: EventColumns, i: number, gfn: number, end: number): void {
    const addressSpace = events.addressSpaces[i] ?? 0;
    const id = events.numbers[i] ?? 0;
    if (gfn === end) {
        state.setSlot(addressSpace, id, null);
        return;
    }
    const inode = events.inodes[i] ?? 0;
    const flags = Number(events.values[i] ?? 0n);
    const slot = slotOf({
        addressSpace,
        id,
        gfn,
        end,
        hva: events.details[i] ?? 0n,
        flags,
        // KVM has the guest use nothing else where the guest_memfd can be mapped.
        gmemOnly: inode !== 0 && isMappable({ flags: state.guestMemfd(inode).flags ?? 0n }),
        gmemInode: inode === 0 ? null : inode,
        gmemPage: Number((events.inodeOffsets[i] ?? 0n) >> 12n),
    });
    state.setSlot(addressSpace, id, slot);
}

/** 64-bit numbers as pairs of halves, the lower one first: a BigInt for each of millions of events would take seconds. */
const halvesOf = ({ buffer, byteOffset, length }: BigUint64Array): Uint32Array => new Uint32Array(buffer, byteOffset, 2 * length);

const pagesIn = (halves: Uint32Array, i: number): number => ((halves[2 * i + 1] ?? 0) * 2 ** 32 + (halves[2 * i] ?? 0)) / 4096;
