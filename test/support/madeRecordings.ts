/** Recordings that were made up: events in the addon's columns, and replays of them. */
import type { EventColumns } from '../../native/index';
import { kindNumber } from '../../src/agent/events/describeEvent';
import { slotOf, type SlotRow } from '../../src/agent/details/memslots';
import { makeLayer } from '../../src/agent/pages/layer';
import { guestMemfdMeaning } from '../../src/agent/pages/residency';
import { GuestMemfdState } from '../../src/agent/replay/guestMemfdState';
import { PageSet } from '../../src/agent/replay/pageSet';
import { Replay, type Replayable } from '../../src/agent/replay/replay';
import { replayedKinds } from '../../src/agent/replay/replayEvents';
import { ReplayState, type StartOfReplay } from '../../src/agent/replay/replayState';
import type { MemoryEventKind } from '../../src/common/memoryEvents';
import { madeDetails } from './madeSnapshots';

/** In pages; what is not named is 0. */
export interface MadeEvent {
    readonly kind: MemoryEventKind;
    readonly time: number;
    readonly thread?: number;
    readonly number?: number;
    readonly first?: number;
    readonly pages?: number;
    readonly value?: number;
    readonly hva?: number;
    readonly inode?: number;
    readonly inodePage?: number;
    readonly microseconds?: number;
    readonly result?: number;
}

const toBytes = (events: readonly MadeEvent[], pages: (event: MadeEvent) => number) => BigUint64Array.from(events, (event) => BigInt(pages(event)) << 12n);

export const eventColumns = (events: readonly MadeEvent[]): EventColumns => ({
    count: events.length,
    times: Float64Array.from(events, ({ time }) => time),
    kinds: Uint8Array.from(events, ({ kind }) => kindNumber(kind)),
    threads: Uint32Array.from(events, ({ thread = 1 }) => thread),
    numbers: Int16Array.from(events, ({ number = -1 }) => number),
    addressSpaces: new Uint16Array(events.length),
    starts: toBytes(events, ({ first = 0 }) => first),
    sizes: toBytes(events, ({ pages = 0 }) => pages),
    values: BigUint64Array.from(events, ({ value = 0 }) => BigInt(value)),
    details: toBytes(events, ({ hva = 0 }) => hva),
    inodes: Float64Array.from(events, ({ inode = 0 }) => inode),
    inodeOffsets: toBytes(events, ({ inodePage = 0 }) => inodePage),
    durations: Uint32Array.from(events, ({ microseconds = 0 }) => microseconds * 1000),
    results: Int32Array.from(events, ({ result = 0 }) => result),
});

/** The attributes and flags of memslots as the addon has them. */
export const privateValue = 8;
export const withGuestMemfd = 4;

export const madeSlot = (id: number, gfn: number, pages: number, inode: number | null, gmemPage = 0): SlotRow =>
    slotOf({ addressSpace: 0, id, gfn, end: gfn + pages, hva: 0x7f00_0000_0000n, flags: inode === null ? 0 : withGuestMemfd, gmemOnly: false, gmemInode: inode, gmemPage });

/** A guest_memfd whose pages [first, end) were prepared on node 0 when the recording began. */
export function madeGuestMemfd(first: number, end: number): GuestMemfdState {
    const chunk = { first: Float64Array.of(first), pages: Float64Array.of(end - first), states: Uint8Array.of(2 | (1 << 2)) };
    return GuestMemfdState.atStart(0n, null, makeLayer(end > first ? [chunk] : [], 0, guestMemfdMeaning));
}

export const pageSet = (...ranges: readonly (readonly [number, number])[]): PageSet => {
    const set = new PageSet();
    for (const [first, end] of ranges) set.add(first, end);
    return set;
};

/** Of a VM whose own store decides, from time 0 on; `logged` may grow. */
export function madeReplay(start: Partial<StartOfReplay>, logged: readonly MadeEvent[], more: Partial<Replayable> = {}): Replay {
    const { slots = [], privatePages = new PageSet(), guestMemfds = new Map<number, GuestMemfdState>() } = start;
    return new Replay({
        start: {
            details: madeDetails,
            scoped: { record: { hasPrivateMemory: true, type: 1, hasAttributeStore: true }, convertsInPlace: false },
            state: ReplayState.from({ slots, privatePages, guestMemfds }),
            unreadable: new Map(),
            consistent: true,
            unknown: [],
        },
        attached: 0,
        since: 0,
        missing: [],
        lostSince: () => null,
        settle: (time) => Promise.resolve(time),
        log: madeLog(logged),
        ...more,
    });
}

export const madeLog = (logged: readonly MadeEvent[]): Replayable['log'] => ({
    gapUntil: null,
    read: (after, until, most) => {
        const wanted = logged.filter(({ time, kind }) => time > after && time <= until && replayedKinds.some((each) => each === kind));
        return Promise.resolve(eventColumns(wanted.slice(0, most)));
    },
});
