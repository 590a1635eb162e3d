/** Where a VM's memory is: every byte counted once, beside what the kernel says it charges. */
import type { Hex } from './address';
import type { Unknown, VmId } from './model';

export type AccountPart =
    /** On the HVA side of memslots, and used by the guest (or its attribute says so). */
    | 'shared-resident'
    /** In guest_memfds, and used by the guest. */
    | 'private-allocated'
    /** The copy that the guest does not use, where both sides hold a page. */
    | 'double'
    /** Pages of a side that the guest does not use, without a copy on the other. */
    | 'unused-side'
    /** In guest_memfds where no memslot is bound, or that are leaked. */
    | 'unbound'
    /** Page tables of the VMM's process, and KVM's own for the guest. */
    | 'page-tables'
    /** What KVM keeps the attributes in. */
    | 'attribute-store'
    /** What the VMM's process has beside guest memory: heap, stacks, libraries. */
    | 'vmm';

export interface AccountEntry {
    readonly part: AccountPart;
    readonly bytes: Hex;
    /** Where the number comes from, and how exact it is. */
    readonly source: string;
    readonly exact: boolean;
}

export interface MemoryAccount {
    readonly vm: VmId;
    readonly takenAt: string;
    /** Of address space 0 and the others, each GPA once: what the guest was given. */
    readonly guestMemory: Hex;
    readonly entries: readonly AccountEntry[];
    /** The sum of `entries`. */
    readonly total: Hex;
    /** What the kernel says by itself. Null where it does not, or hides it. */
    readonly kernel: {
        readonly rss: Hex | null;
        readonly pss: Hex | null;
        /** The VMM's RSS and what is allocated in guest_memfds, page tables and the attribute store: what `total` must come to. */
        readonly charged: Hex | null;
        /** memory.current of the VMM's cgroup, and how many other processes share that. */
        readonly cgroup: { readonly path: string; readonly bytes: Hex; readonly otherProcesses: number } | null;
    };
    readonly unknown: readonly Unknown[];
}
