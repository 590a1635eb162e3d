/** What is known of a VM while its events are looked at: as it was when the recording began, and what they changed since. */
import type { VmId } from '../../../common/model';
import type { PageRuns } from '../../../common/pageRuns';
import { gmemStateOf, hvaStateOf, isPrivate, isSamePage } from '../../../common/pageState';
import type { SlotRow } from '../../details/memslots';
import { eventKind } from './eventKind';
import type { EventNumbers } from './eventNumbers';
import { PageBits } from './pageBits';
import { RecordedSlots } from './recordedSlots';

const privateAttribute = 8;

export interface VmAtStart {
    readonly id: VmId;
    readonly slots: readonly SlotRow[];
    readonly addressSpaces: number;
    /** KVM keeps private and shared for the VM's GPAs, whatever backs them. */
    readonly hasVmScope: boolean;
    readonly hasPrivateMemory: boolean;
    /** Threads of vCPUs, as far as they ran before. */
    readonly vcpus: readonly { readonly thread: number; readonly vcpu: number }[];
    /** The kernel tells each change of attributes by itself, when it begins; else the calls have to do. */
    readonly tellsChanges: boolean;
    /** Bytes of a guest_memfd of this VM; null when it is none (any more). */
    readonly sizeOfGuestMemfd: (inode: number) => bigint | null;
}

export class RecordedVm {
    readonly slots: RecordedSlots;
    /** gfns of which the attribute of the VM is private. */
    readonly privatePages = new PageBits();
    /** Pages of address space 0's HVAs that hold memory for the guest, as far as it is known: HVA / 4096. */
    readonly hvaPages = new PageBits();
    /** The same HVAs, where their memslot's guest_memfd holds a page of its own. */
    readonly gmemPages = new PageBits();
    /** The conversion that was read last: the gfns and what they became. */
    readonly conversion = { gfn: 0, end: 0, toPrivate: false };
    /** The attributes before the recording are known. */
    knowsAttributes = false;
    private readonly vcpuOfThread = new Map<number, number>();

    constructor(readonly start: VmAtStart) {
        this.slots = new RecordedSlots(start.slots);
        for (const { thread, vcpu } of start.vcpus) this.vcpuOfThread.set(thread, vcpu);
    }

    /** The pages of address space 0 as they were found when the recording had begun. */
    learn(runs: PageRuns): void {
        for (let i = 0; i < runs.count; i++) {
            const gfn = runs.gfns[i] ?? 0;
            const end = gfn + (runs.pages[i] ?? 0);
            const state = runs.states[i] ?? 0;
            if (this.start.hasVmScope && isPrivate(state)) this.privatePages.set(gfn, end);
            const slot = this.slots.at(gfn);
            if (slot === undefined || isSamePage(state)) continue;
            const hva = slot.hvaPage + gfn - slot.gfn;
            const gmem = gmemStateOf(state);
            if (hvaStateOf(state) === 'present') this.hvaPages.set(hva, hva + end - gfn);
            if (gmem === 'allocated' || gmem === 'prepared') this.gmemPages.set(hva, hva + end - gfn);
        }
        this.knowsAttributes = true;
    }

    /** Null where no vCPU is known to run in this thread. */
    vcpuOf(thread: number): number | null {
        return this.vcpuOfThread.get(thread) ?? null;
    }

    /** Whether an event is a conversion that was made; then `conversion` holds it. */
    readConversion(events: EventNumbers, i: number): boolean {
        const kind = events.kind(i);
        if (!events.succeeded(i)) return false;
        if (kind === eventKind['guest-memfd-attributes']) return this.readFileConversion(events, i);
        if (kind !== (this.start.tellsChanges ? eventKind['attributes-changed'] : eventKind.attributes)) return false;
        this.conversion.gfn = events.page(i);
        this.conversion.end = events.endPage(i);
        this.conversion.toPrivate = (events.value(i) & privateAttribute) !== 0;
        return true;
    }

    /** Has the event changed what is known; after all who look at it. */
    apply(events: EventNumbers, i: number): void {
        switch (events.kind(i)) {
            case eventKind['attributes-changed']:
            case eventKind.attributes:
                if (!this.start.hasVmScope || !this.readConversion(events, i)) return;
                if (this.conversion.toPrivate) this.privatePages.set(this.conversion.gfn, this.conversion.end);
                else this.privatePages.clear(this.conversion.gfn, this.conversion.end);
                return;
            case eventKind.memslot:
                if (events.succeeded(i)) this.slots.set(slotOf(events, i, this.slots));
                return;
            case eventKind.fault:
            case eventKind['shadow-fault']:
            case eventKind['memory-fault']:
                if (events.number(i) >= 0) this.vcpuOfThread.set(events.thread(i), events.number(i));
        }
    }

    /** Undoes the conversions in these events: what one made private was shared before it. */
    takeBack(events: EventNumbers): void {
        if (!this.start.hasVmScope) return;
        for (let i = events.count - 1; i >= 0; i--) {
            if (!this.readConversion(events, i)) continue;
            if (this.conversion.toPrivate) this.privatePages.clear(this.conversion.gfn, this.conversion.end);
            else this.privatePages.set(this.conversion.gfn, this.conversion.end);
        }
    }

    /** Of a guest_memfd's own attributes: the GPAs of the first memslot that is bound there. */
    private readFileConversion(events: EventNumbers, i: number): boolean {
        for (const slot of this.slots.boundTo(events.inode(i))) {
            const gfn = Math.max(slot.gfn, slot.gfn + events.page(i) - slot.gmemPage);
            const end = Math.min(slot.end, slot.gfn + events.endPage(i) - slot.gmemPage);
            if (gfn >= end) continue;
            this.conversion.gfn = gfn;
            this.conversion.end = end;
            this.conversion.toPrivate = (events.value(i) & privateAttribute) !== 0;
            return true;
        }
        return false;
    }
}

/** The memslot that a call makes. */
function slotOf(events: EventNumbers, i: number, slots: RecordedSlots): SlotRow {
    const { columns } = events;
    const addressSpace = columns.addressSpaces[i] ?? 0;
    const id = events.number(i) & 0xffff;
    const gfn = events.page(i);
    const flags = events.value(i);
    const hva = columns.details[i] ?? 0n;
    const hasGuestMemfd = (flags & 4) !== 0;
    const inode = events.inode(i);
    return {
        addressSpace,
        id,
        internal: false,
        gfn,
        end: (columns.sizes[i] ?? 0n) === 0n ? gfn : events.endPage(i),
        hva,
        hvaPage: Number(hva >> 12n),
        logsDirtyPages: (flags & 1) !== 0,
        readonly: (flags & 2) !== 0,
        hasGuestMemfd,
        // Of a new memslot the call does not tell; one that is bound to the same guest_memfd does.
        gmemOnly: hasGuestMemfd && slots.boundTo(inode).some(({ gmemOnly }) => gmemOnly),
        gmemInode: hasGuestMemfd && inode !== 0 ? inode : null,
        gmemPage: Number((columns.inodeOffsets[i] ?? 0n) >> 12n),
    };
}
