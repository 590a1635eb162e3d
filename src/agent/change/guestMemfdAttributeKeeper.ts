/**
 * Attributes that each guest_memfd keeps: KVM_SET_MEMORY_ATTRIBUTES2, which KVM takes on the guest_memfd from any process
 * that has it, so the VMM is not stopped. The ioctl counts in bytes of the file: memslots say which these are.
 */
import { toHex } from '../../common/address';
import { errors, GuestmemError } from '../../common/errors';
import type { Attribute } from '../../common/model';
import { toWireRange, makeRange } from '../../common/range';
import type { SlotRow } from '../details/memslots';
import { gmemProblem, readVmMemory, type VmMemory } from '../details/vmMemory';
import type { OpenVm } from '../discovery/vmDirectory';
import { readSlotAttributes } from '../guestMemfd/guestMemfdAttributes';
import type { HeldGuestMemfd } from '../guestMemfd/guestMemfds';
import { whoHoldsPage } from '../guestMemfd/pageHolders';
import type { Pace } from '../pace';
import { privateAttribute, type AttributeWalk } from '../pages/attributeWalk';
import type { Window } from '../pages/window';
import type { AttributeKeeper } from './attributeKeeper';
import { inPlaceWarnings } from './conversionWarnings';
import { requireSameMemslots } from './sameMemslots';

/** References to a page come and go (a read of it that is under way), so EAGAIN is not the last word. */
const attempts = 10;
const pauseMilliseconds = 5;

interface Place {
    readonly slot: SlotRow;
    readonly held: HeldGuestMemfd;
}

export class GuestMemfdAttributeKeeper implements AttributeKeeper {
    readonly executor = 'direct';
    private readonly memory: VmMemory;
    private readonly used = new Map<SlotRow, HeldGuestMemfd>();

    constructor(
        private readonly vm: OpenVm,
        private readonly tried: string,
    ) {
        this.memory = readVmMemory(vm);
    }

    require(windows: readonly Window[], range: string): void {
        const slots = this.slots();
        if (!windows.some(({ gfn, end }) => slots.some((slot) => slot.gfn < end && slot.end > gfn))) throw errors.outsideMemslots(range);
        for (const window of windows) this.parts(window);
    }

    parts(window: Window): readonly Window[] {
        const slots = this.slots();
        const parts: Window[] = [];
        for (let at = window.gfn; at < window.end; ) {
            const slot = slots.find(({ gfn, end }) => gfn <= at && at < end);
            if (slot === undefined) throw this.nobodyKeeps(at, 'no memslot is there');
            this.use(slot, at);
            const end = Math.min(window.end, slot.end);
            parts.push({ gfn: at, end });
            at = end;
        }
        return parts;
    }

    async read({ gfn, end }: Window, pace: Pace): Promise<AttributeWalk> {
        const { slot, held } = this.placeOf(gfn);
        const walk = await readSlotAttributes(this.vm, slot, held, gfn, end, pace);
        if (typeof walk === 'string') throw errors.unsupported(this.tried, walk, { memslot: slot.id });
        return walk;
    }

    check(): Promise<readonly string[]> {
        for (const { record, source } of new Set(this.used.values())) {
            const takes = source.process.takesConversions(source.fd, record.inode);
            if (takes === null) throw errors.vmGone(this.vm.id);
            if (!takes) throw errors.unsupported(this.tried, `the kernel does not take KVM_SET_MEMORY_ATTRIBUTES2 on its guest_memfd ${record.inode}`);
        }
        return Promise.resolve([]);
    }

    kernelTime(): string {
        return 'a guest_memfd keeps ranges and no pages, and what the kernel takes depends on who maps them; no thread of the VMM is held for it';
    }

    async set({ gfn, end }: Window, to: Attribute): Promise<number> {
        const { slot, held } = this.placeOf(gfn);
        const { gpa, size } = toWireRange(makeRange(BigInt(gfn) << 12n, BigInt(end - gfn) << 12n));
        const offset = BigInt(gfn - slot.gfn + slot.gmemPage) << 12n;
        const tried = `KVM_SET_MEMORY_ATTRIBUTES2 on ${gpa}+${size} (offset ${toHex(offset)} of the guest_memfd ${held.record.inode})`;
        for (let attempt = 1; ; attempt++) {
            requireSameMemslots(this.vm, [slot], tried);
            const { process, fd } = held.source;
            const outcome = process.convertGuestMemfd(fd, held.record.inode, offset, BigInt(size), to === 'private' ? privateAttribute : 0);
            if (outcome === null) throw errors.vmGone(this.vm.id);
            if (outcome.error === null) return 0;
            if (outcome.error !== 'EAGAIN') throw errors.kernel(tried, outcome.error, { memslot: slot.id });
            if (attempt === attempts) throw await this.heldPage(slot, held, outcome.errorOffset, tried);
            await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
        }
    }

    warnings(changed: readonly Window[], to: Attribute): readonly string[] {
        return inPlaceWarnings(changed, this.memory.slots, this.vm.summary.type, to);
    }

    private slots(): readonly SlotRow[] {
        return this.memory.slots.filter(({ addressSpace }) => addressSpace === 0);
    }

    private use(slot: SlotRow, gfn: number): void {
        const problem = slot.hasGuestMemfd ? gmemProblem(slot, this.memory) : `memslot ${slot.id} has no guest_memfd`;
        if (problem !== null) throw this.nobodyKeeps(gfn, problem);
        const held = this.memory.guestMemfds.get(slot.gmemInode ?? -1);
        if (held === undefined) throw errors.vmGone(this.vm.id);
        if (!held.record.hasAttributeStore) throw this.nobodyKeeps(gfn, `this kernel keeps no attributes for the guest_memfd of memslot ${slot.id}`);
        this.used.set(slot, held);
    }

    private nobodyKeeps(gfn: number, why: string): GuestmemError {
        return errors.unsupported(`${this.tried} at ${toHex(BigInt(gfn) << 12n)}`, `KVM was loaded with gmem_in_place_conversion, where each guest_memfd decides, and ${why}`, { gpa: toHex(BigInt(gfn) << 12n) });
    }

    private placeOf(gfn: number): Place {
        for (const [slot, held] of this.used) if (slot.gfn <= gfn && gfn < slot.end) return { slot, held };
        throw errors.vmGone(this.vm.id);
    }

    /** The kernel names one page; with a large folio its first, which need not be bound to the memslot. */
    private async heldPage(slot: SlotRow, held: HeldGuestMemfd, offset: bigint, tried: string): Promise<GuestmemError> {
        const page = Number(offset >> 12n);
        const gfn = page - slot.gmemPage + slot.gfn;
        const gpa = gfn >= slot.gfn && gfn < slot.end ? toHex(BigInt(gfn) << 12n) : null;
        const { text, ...found } = await whoHoldsPage(held, page);
        const named = gpa === null ? `the page at offset ${toHex(offset)} of the guest_memfd` : `page ${gpa} (offset ${toHex(offset)} of the guest_memfd)`;
        const message = `${tried} failed with EAGAIN: ${named} is held by something else; ${text}. End what uses it (a device with VFIO, io_uring with fixed buffers), and try again.`;
        return new GuestmemError('kernel', message, {
            errno: 'EAGAIN',
            gpa,
            offset: toHex(offset),
            inode: held.record.inode,
            ...found,
        });
    }
}
