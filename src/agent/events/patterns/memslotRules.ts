/**
 * The rules by which KVM refuses a memslot, in the order in which kvm_set_memory_region (virt/kvm/kvm_main.c),
 * kvm_gmem_bind (virt/kvm/guest_memfd.c) and x86's kvm_arch_prepare_memory_region ask for them.
 */
import { formatSize, toHex } from '../../../common/address';
import { isInternal, type SlotRow } from '../../details/memslots';

export interface MemslotRequest {
    readonly addressSpace: number;
    readonly id: number;
    readonly flags: bigint;
    readonly gpa: bigint;
    readonly size: bigint;
    readonly hva: bigint;
    /** 0: the descriptor names no guest_memfd, or the older call was made, which has none. */
    readonly inode: number;
    readonly offset: bigint;
    /** "EINVAL" */
    readonly error: string;
}

/** What the request meets. */
export interface MemslotsAtRequest {
    readonly addressSpaces: number;
    readonly hasPrivateMemory: boolean;
    of(addressSpace: number, id: number): SlotRow | undefined;
    overlapping(addressSpace: number, gfn: number, end: number): readonly SlotRow[];
    boundTo(inode: number): readonly SlotRow[];
    /** Null when it is no guest_memfd of this VM. */
    sizeOfGuestMemfd(inode: number): bigint | null;
}

/** Of x86-64 programs: with 4-level paging, and with 5-level paging, for which they have to ask. */
const userLimit = (1n << 47n) - 4096n;
/** KVM_MEM_MAX_NR_PAGES */
const mostPages = (1n << 31n) - 1n;
const limit64 = 1n << 64n;
const [logDirty, readonly, guestMemfd] = [1n, 2n, 4n];

type Rule = (asked: MemslotRequest, at: MemslotsAtRequest) => string | null;

const place = (slot: SlotRow): string => `slot ${slot.id} (${toHex(BigInt(slot.gfn) * 4096n)}+${toHex(BigInt(slot.end - slot.gfn) * 4096n)})`;
const unaligned = (value: bigint): boolean => value % 4096n !== 0n;
const broken = (isBroken: boolean, text: () => string): string | null => (isBroken ? text() : null);

/** Those that KVM answers with EINVAL; `null` = the rule holds. */
const rules: readonly Rule[] = [
    ({ flags }) => broken((flags & guestMemfd) !== 0n && (flags & logDirty) !== 0n, () => 'a memslot with guest_memfd cannot log dirty pages (KVM_MEM_LOG_DIRTY_PAGES)'),
    ({ flags }) => broken((flags & guestMemfd) !== 0n && (flags & readonly) !== 0n, () => 'a memslot with guest_memfd cannot be read-only (KVM_MEM_READONLY)'),
    ({ flags }) => broken(flags > 7n, () => `the flags ${toHex(flags)} have bits that KVM does not know`),
    ({ size }) => broken(unaligned(size), () => `the size ${toHex(size)} is not whole pages`),
    ({ gpa }) => broken(unaligned(gpa), () => `the GPA ${toHex(gpa)} is not at a page`),
    ({ hva }) => broken(unaligned(hva), () => `userspace_addr ${toHex(hva)} is not at a page`),
    ({ hva, size }) => broken(hva + size > userLimit, () => `userspace_addr ${toHex(hva)} and the size reach beyond ${toHex(userLimit)}, the end of what a program may address`),
    ({ flags, offset }) => broken((flags & guestMemfd) !== 0n && unaligned(offset), () => `guest_memfd_offset ${toHex(offset)} is not at a page`),
    ({ flags, offset, size }) => broken((flags & guestMemfd) !== 0n && offset + size >= limit64, () => `guest_memfd_offset ${toHex(offset)} and the size reach beyond 64 bits`),
    ({ addressSpace }, at) => broken(addressSpace >= at.addressSpaces, () => `the VM has no address space ${addressSpace} (bits 16 to 31 of the slot number); it has ${at.addressSpaces === 1 ? 'only 0' : `0 to ${at.addressSpaces - 1}`}`),
    ({ id }) => broken(isInternal(id), () => `the slot number ${id} is beyond those that a VMM may use (0 to 32763)`),
    ({ gpa, size }) => broken(gpa + size >= limit64, () => `the GPA ${toHex(gpa)} and the size wrap around 64 bits`),
    ({ size }) => broken(size / 4096n > mostPages, () => `the size ${formatSize(size)} is above what one memslot may have (8 TiB less a page)`),
    ({ addressSpace, id, size }, at) => broken(size === 0n && at.of(addressSpace, id) === undefined, () => `size 0 removes a memslot, and there is no slot ${id}`),
    existingSlot,
    guestMemfdBinding,
    ({ gpa, size }) => broken(gpa + size > 1n << 52n, () => `it reaches beyond 2^52, the widest guest physical address of x86`),
    ({ flags }, at) => broken((flags & guestMemfd) !== 0n && !at.hasPrivateMemory, () => 'this VM has no private memory, and this kernel may take a guest_memfd for nothing else, or only one made with the flags mmap and init-shared'),
];

function existingSlot({ addressSpace, id, flags, size, hva }: MemslotRequest, at: MemslotsAtRequest): string | null {
    const old = at.of(addressSpace, id);
    if (old === undefined || size === 0n) return null;
    if ((flags & guestMemfd) !== 0n || old.hasGuestMemfd) return `${place(old)} is there already, and a memslot with guest_memfd can only be removed, not changed`;
    if (hva !== old.hva) return `${place(old)} is there already at userspace_addr ${toHex(old.hva)}, which cannot be changed`;
    if (size !== BigInt(old.end - old.gfn) * 4096n) return `${place(old)} is there already, and its size cannot be changed: remove it first`;
    if (((flags & readonly) !== 0n) !== old.readonly) return `${place(old)} is there already, and whether it is read-only cannot be changed`;
    return null;
}

function guestMemfdBinding({ flags, size, inode, offset }: MemslotRequest, at: MemslotsAtRequest): string | null {
    if ((flags & guestMemfd) === 0n || size === 0n) return null;
    if (inode === 0) return 'its descriptor is no guest_memfd; or the call was KVM_SET_USER_MEMORY_REGION, which knows none: KVM_SET_USER_MEMORY_REGION2 does';
    const bytes = at.sizeOfGuestMemfd(inode);
    if (bytes === null) return `guest_memfd ${inode} belongs to another VM`;
    if (offset + size > bytes) return `guest_memfd_offset ${toHex(offset)} and the size ${toHex(size)} reach beyond guest_memfd ${inode}, which has ${toHex(bytes)} bytes`;
    return boundAlready(inode, offset, size, at);
}

function boundAlready(inode: number, offset: bigint, size: bigint, at: MemslotsAtRequest): string | null {
    const first = Number(offset >> 12n);
    const end = first + Number(size >> 12n);
    const bound = at.boundTo(inode).find((slot) => slot.gmemPage < end && slot.gmemPage + slot.end - slot.gfn > first);
    return broken(bound !== undefined, () => `this part of guest_memfd ${inode} is bound already, by ${bound === undefined ? '' : place(bound)}`);
}

function overlap({ addressSpace, id, gpa, size }: MemslotRequest, at: MemslotsAtRequest): string | null {
    const others = at.overlapping(addressSpace, Number(gpa >> 12n), Number((gpa + size) >> 12n)).filter((slot) => slot.id !== id);
    return others.length === 0 ? null : `it overlaps ${others.slice(0, 3).map(place).join(', ')}${others.length > 3 ? ` and ${others.length - 3} more` : ''}`;
}

/** The rule that was broken; null when none of those that are known was. */
export function brokenRule(asked: MemslotRequest, at: MemslotsAtRequest): string | null {
    switch (asked.error) {
        case 'EINVAL':
            for (const rule of rules) {
                const text = rule(asked, at);
                if (text !== null) return text;
            }
            return null;
        case 'EEXIST':
            // From Linux 7.2 on also what is bound twice.
            return overlap(asked, at) ?? boundAlready(asked.inode, asked.offset, asked.size, at);
        case 'EBADF':
            return 'its guest_memfd descriptor is not open';
        case 'ENOMEM':
            return 'the kernel had no memory for what it keeps of each page of a memslot';
        case 'EFAULT':
            return "the argument of the call is not in the VMM's memory";
        default:
            return null;
    }
}
