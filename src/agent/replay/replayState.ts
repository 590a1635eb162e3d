/**
 * What recorded events tell of a VM's memory at one time: its memslots, which pages are private, which pages its
 * guest_memfds have. Each of these is changed by events of its own kind alone, and only when a map is made are they
 * joined. Pure; a state is copied at little cost.
 */
import { toHex } from '../../common/address';
import type { SlotRow } from '../details/memslots';
import { AttributeCalls, type AttributeCall } from './attributeCalls';
import { isInitShared } from '../guestMemfd/guestMemfds';
import { GuestMemfdState } from './guestMemfdState';
import { PageSet } from './pageSet';

export interface StartOfReplay {
    /** Of all address spaces. */
    readonly slots: readonly SlotRow[];
    /** By the VM's own store. */
    readonly privatePages: PageSet;
    /** By inode. */
    readonly guestMemfds: ReadonlyMap<number, GuestMemfdState>;
}

/** More pages never change at once: 8 TiB, for whose attributes KVM itself would need 16 GiB and minutes. */
const mostPages = 2 ** 31;

export class ReplayState {
    private constructor(
        /** Sorted by address space and gfn; never changed in place. */
        public slots: readonly SlotRow[],
        readonly privatePages: PageSet,
        /** Pages whose attribute cannot be told. */
        readonly disputed: PageSet,
        private readonly calls: AttributeCalls,
        private readonly guestMemfds: Map<number, GuestMemfdState>,
        /** What events say that cannot be so; from then on the state is not to be trusted. */
        public contradiction: string | null,
    ) {}

    static from({ slots, privatePages, guestMemfds }: StartOfReplay): ReplayState {
        return new ReplayState(slots, privatePages.copy(), new PageSet(), new AttributeCalls(), copyEach(guestMemfds), null);
    }

    copy(): ReplayState {
        const { slots, privatePages, disputed, calls, guestMemfds, contradiction } = this;
        return new ReplayState(slots, privatePages.copy(), disputed.copy(), calls.copy(), copyEach(guestMemfds), contradiction);
    }

    /** What a copy takes beyond what it shares with the copy before it. */
    get bytesToCopy(): number {
        const sets = [this.privatePages, this.disputed, ...this.guestMemfds.values()];
        return sets.reduce((bytes, set) => bytes + set.bytesToCopy, 0);
    }

    /** One that was not there at the start is new. */
    guestMemfd(inode: number): GuestMemfdState {
        const known = this.guestMemfds.get(inode);
        if (known !== undefined) return known;
        const made = GuestMemfdState.made(null, null);
        this.guestMemfds.set(inode, made);
        return made;
    }

    /** `keepsAttributes`: the kernel keeps them for each guest_memfd. */
    makeGuestMemfd(inode: number, pages: number, flags: bigint, keepsAttributes: boolean): void {
        if (!this.isCredible(0, pages)) return;
        const privatePages = new PageSet();
        if (!isInitShared({ flags })) privatePages.add(0, pages);
        this.guestMemfds.set(inode, GuestMemfdState.made(flags, keepsAttributes ? privatePages : null));
    }

    get inodes(): readonly number[] {
        return [...this.guestMemfds.keys()];
    }

    setAttributes(gfn: number, end: number, isPrivate: boolean): void {
        if (!this.isCredible(gfn, end)) return;
        change(this.privatePages, gfn, end, isPrivate);
        this.disputed.remove(gfn, end);
    }

    /** As KVM tells it while the call is under way. */
    changeAttributes(thread: number, time: number, gfn: number, end: number, isPrivate: boolean): void {
        this.calls.change(thread, time);
        this.setAttributes(gfn, end, isPrivate);
    }

    /** A call that sets attributes has returned. */
    endAttributeCall(call: AttributeCall): void {
        for (const [gfn, end] of this.calls.end(call)) if (this.isCredible(gfn, end)) this.disputed.add(gfn, end);
    }

    setGuestMemfdAttributes(inode: number, first: number, end: number, isPrivate: boolean): void {
        const { privatePages } = this.guestMemfd(inode);
        if (privatePages !== null && this.isCredible(first, end)) change(privatePages, first, end, isPrivate);
    }

    addPages(inode: number, first: number, end: number): void {
        if (this.isCredible(first, end)) this.guestMemfd(inode).addPages(first, end);
    }

    removePages(inode: number, first: number, end: number): void {
        this.guestMemfd(inode).removePages(first, end);
    }

    /** The memslot of this number is now this one; null = there is none any more. */
    setSlot(addressSpace: number, id: number, slot: SlotRow | null): void {
        const others = this.slots.filter((other) => other.addressSpace !== addressSpace || other.id !== id);
        if (slot === null) {
            this.slots = others;
            return;
        }
        // KVM takes no two memslots at one place: the call that removed the other one is told after this one, or not at all.
        const isOver = (other: SlotRow) => other.addressSpace === addressSpace && other.gfn < slot.end && other.end > slot.gfn;
        const under = others.find(isOver);
        if (under !== undefined) this.contradict(`memslot ${id} was made where memslot ${under.id} is, which is not told to have gone`);
        const kept = others.filter((other) => !isOver(other));
        const at = kept.findIndex((other) => other.addressSpace > addressSpace || (other.addressSpace === addressSpace && other.gfn > slot.gfn));
        this.slots = at < 0 ? [...kept, slot] : [...kept.slice(0, at), slot, ...kept.slice(at)];
    }

    /** Those of the time in which the start was read are none: of each place the last event decides. */
    forgetContradiction(): void {
        this.contradiction = null;
    }

    private isCredible(first: number, end: number): boolean {
        if (end - first <= mostPages) return true;
        this.contradict(`a change of ${toHex((end - first) * 4096)} bytes at once, at ${toHex(first * 4096)}, was not replayed`);
        return false;
    }

    /** What is kept as such is the first one. */
    private contradict(reason: string): void {
        this.contradiction ??= reason;
    }
}

const copyEach = (guestMemfds: ReadonlyMap<number, GuestMemfdState>) => new Map([...guestMemfds].map(([inode, state]) => [inode, state.copy()]));

function change(pages: PageSet, first: number, end: number, add: boolean): void {
    if (add) pages.add(first, end);
    else pages.remove(first, end);
}
