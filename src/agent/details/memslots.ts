/** Memslots as rows, from the columns that the kernel walk fills. */
import type { MemslotColumns } from '../../../native/index';
import type { Memslot } from '../../common/model';

/** KVM makes slots of its own above those that a VMM may use (KVM_USER_MEM_SLOTS on x86: SHRT_MAX - 3). */
const firstInternalId = 32_764;

export const isInternal = (id: number): boolean => id >= firstInternalId;

/** A memslot in page units. */
export interface SlotRow {
    readonly addressSpace: number;
    readonly id: number;
    readonly internal: boolean;
    /** [gfn, end) */
    readonly gfn: number;
    readonly end: number;
    readonly hva: bigint;
    /** HVA / 4096. */
    readonly hvaPage: number;
    readonly logsDirtyPages: boolean;
    readonly readonly: boolean;
    /** KVM_MEM_GUEST_MEMFD: it stays set when the guest_memfd's last fd is closed. */
    readonly hasGuestMemfd: boolean;
    readonly gmemOnly: boolean;
    /** Inode of the guest_memfd, or null without one. */
    readonly gmemInode: number | null;
    readonly gmemPage: number;
}

/** What the kernel holds, and what a call that sets a memslot names; `flags` as in MemslotColumns. */
type SlotNumbers = Pick<SlotRow, 'addressSpace' | 'id' | 'gfn' | 'end' | 'hva' | 'gmemOnly' | 'gmemInode' | 'gmemPage'> & { readonly flags: number };

export function slotOf({ flags, ...numbers }: SlotNumbers): SlotRow {
    return {
        ...numbers,
        internal: isInternal(numbers.id),
        hvaPage: Number(numbers.hva >> 12n),
        logsDirtyPages: (flags & 1) !== 0,
        readonly: (flags & 2) !== 0,
        hasGuestMemfd: (flags & 4) !== 0,
    };
}

/** Rows sorted by address space and gfn. */
export function slotRows(columns: MemslotColumns): SlotRow[] {
    const rows: SlotRow[] = [];
    for (let i = 0; i < columns.count; i++) {
        const flags = columns.flags[i] ?? 0;
        const gfn = columns.gfns[i] ?? 0;
        const inode = columns.gmemInodes[i] ?? -1;
        rows.push(
            slotOf({
                addressSpace: columns.addressSpaces[i] ?? 0,
                id: columns.ids[i] ?? 0,
                gfn,
                end: gfn + (columns.pages[i] ?? 0),
                hva: columns.hvas[i] ?? 0n,
                flags,
                gmemOnly: (flags & (1 << 17)) !== 0,
                gmemInode: inode < 0 ? null : inode,
                gmemPage: columns.gmemPages[i] ?? 0,
            }),
        );
    }
    return rows.sort((a, b) => a.addressSpace - b.addressSpace || a.gfn - b.gfn);
}

/** In the model's words. */
export function slotFlagNames({ logsDirtyPages, readonly, hasGuestMemfd }: SlotRow): Memslot['flags'] {
    const flags: Memslot['flags'][number][] = [];
    if (logsDirtyPages) flags.push('log-dirty-pages');
    if (readonly) flags.push('readonly');
    if (hasGuestMemfd) flags.push('guest-memfd');
    return flags;
}

/** Both walks saw the same slots (the walk's order may differ). */
export function sameSlots(a: readonly SlotRow[], b: readonly SlotRow[]): boolean {
    return (
        a.length === b.length &&
        a.every((row, index) => {
            const other = b[index];
            return (
                other !== undefined &&
                row.addressSpace === other.addressSpace &&
                row.id === other.id &&
                row.gfn === other.gfn &&
                row.end === other.end &&
                row.hva === other.hva &&
                row.gmemInode === other.gmemInode &&
                row.gmemPage === other.gmemPage &&
                row.gmemOnly === other.gmemOnly &&
                row.logsDirtyPages === other.logsDirtyPages
            );
        })
    );
}
