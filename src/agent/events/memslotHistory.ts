/** Where the memory of guest physical addresses is, and was: by the memslots that a VM has had during a recording. */
import type { EventColumns } from '../../../native/index';
import type { GpaRange } from '../../common/range';
import type { SlotRow } from '../details/memslots';
import { kindNumber } from './describeEvent';

/** A place of the addon's EventLog. */
type PlaceKind = 1 | 2 | 3;
const [ofGpas, ofHvas, ofGuestMemfd] = [1, 2, 3] as const;

interface BoundSlot {
    readonly start: bigint;
    readonly end: bigint;
    readonly hva: bigint;
    readonly guestMemfd: { readonly inode: number; readonly offset: bigint } | null;
}

/** KVM permits half as many at a time; a VMM that goes on to move its memslots has the oldest forgotten. */
const mostSlots = 65_536;

export class MemslotHistory {
    /** Each once, in the order in which they were last made. */
    private readonly slots = new Map<string, BoundSlot>();

    constructor(slots: readonly SlotRow[]) {
        for (const { gfn, end, hva, gmemInode, gmemPage } of slots) {
            const guestMemfd = gmemInode === null ? null : { inode: gmemInode, offset: BigInt(gmemPage) << 12n };
            this.add({ start: BigInt(gfn) << 12n, end: BigInt(end) << 12n, hva, guestMemfd });
        }
    }

    /** Takes what was made from events, of any kinds. */
    follow(events: EventColumns): void {
        for (let i = 0; i < events.count; i++) {
            const start = events.starts[i] ?? 0n;
            const size = events.sizes[i] ?? 0n;
            if (events.kinds[i] !== kindNumber('memslot') || size === 0n || (events.results[i] ?? 0) < 0) continue;
            const inode = events.inodes[i] ?? 0;
            const guestMemfd = inode === 0 ? null : { inode, offset: events.inodeOffsets[i] ?? 0n };
            this.add({ start, end: start + size, hva: events.details[i] ?? 0n, guestMemfd });
        }
    }

    /** The range, and what lay behind it in any of the memslots. */
    placesOf({ start, size }: GpaRange): BigUint64Array {
        const end = start + size;
        const places: bigint[] = [];
        const add = (kind: PlaceKind, inode: number, first: bigint, bytes: bigint) =>
            places.push(BigInt(kind), BigInt(inode), first, BigInt.asUintN(64, first + bytes));
        add(ofGpas, 0, start, end - start);
        for (const slot of this.slots.values()) {
            const from = slot.start > start ? slot.start : start;
            const bytes = (slot.end < end ? slot.end : end) - from;
            if (bytes <= 0n) continue;
            add(ofHvas, 0, slot.hva + from - slot.start, bytes);
            if (slot.guestMemfd !== null) add(ofGuestMemfd, slot.guestMemfd.inode, slot.guestMemfd.offset + from - slot.start, bytes);
        }
        return BigUint64Array.from(places);
    }

    private add(slot: BoundSlot): void {
        const key = [slot.start, slot.end, slot.hva, slot.guestMemfd?.inode, slot.guestMemfd?.offset].join(' ');
        this.slots.delete(key);
        this.slots.set(key, slot);
        const [oldest] = this.slots.keys();
        if (this.slots.size > mostSlots && oldest !== undefined) this.slots.delete(oldest);
    }
}
