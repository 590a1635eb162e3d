/** Where a VM's memory is: every byte counted once, beside what the kernel says it charges. */
import type { Hex } from './address';
import type { Unknown, VmId } from './model';
import type { Progressing } from './progressing';

/**
 * What a physical page is there for. One that several addresses lead to counts for the first of these that holds, and
 * only once.
 */
export const pageParts = [
    /** The guest's shared pages, from where the guest takes them: the HVA side, or a guest_memfd that backs shared pages, too. */
    'shared-resident',
    /** The guest's private pages, in guest_memfds. */
    'private-allocated',
    /** The copy that the guest does not use, where both sides hold a page. */
    'double',
    /** Pages of a file of which the VMM has made a copy of its own by writing to a MAP_PRIVATE mapping. */
    'file-under-copy',
    /** Pages of a side that the guest does not use, without a copy on the other. */
    'unused-side',
    /** In guest_memfds where no memslot is bound, or that are leaked. */
    'unbound',
    /** What the VMM's process has mapped beside guest memory: heap, stacks, libraries. */
    'vmm',
] as const;
export type PagePart = (typeof pageParts)[number];

export const accountParts = [
    ...pageParts,
    /** Of the VMM's process: what its threads reach its memory by. */
    'page-tables',
    /** Of KVM: what the guest reaches its memory by. */
    'guest-page-tables',
    /** What KVM keeps the attributes in. */
    'attribute-store',
    /** What KVM keeps for each page of a memslot. */
    'memslot-metadata',
] as const;
export type AccountPart = (typeof accountParts)[number];

export interface AccountEntry {
    readonly part: AccountPart;
    readonly bytes: Hex;
    /** Where the number comes from, and how exact it is. */
    readonly source: string;
    readonly exact: boolean;
}

/** From the kernel's resident set to all that it charges. */
export const chargeSteps = ['rss', 'hugetlb', 'not-mapped', 'mapped-again', 'kernel-structures'] as const;
export type ChargeStep = (typeof chargeSteps)[number];

export interface AccountCgroup {
    readonly path: string;
    /** Of all processes in it and below: memory.current, or memory.usage_in_bytes. It counts no hugetlb pages. */
    readonly bytes: Hex;
    /** How many other processes are directly in it. */
    readonly otherProcesses: number;
}

export interface MemoryAccount {
    readonly vm: VmId;
    readonly takenAt: string;
    /** False when the VM's memory kept changing while it was read. */
    readonly consistent: boolean;
    /** Of address space 0, without slots of KVM's own: what the guest was given. */
    readonly guestMemory: Hex;
    /** In the order of accountParts; what is not known is left out, with a reason in `unknown`. */
    readonly entries: readonly AccountEntry[];
    /** The sum of `entries`. */
    readonly total: Hex;
    /** What the kernel says by itself. Null where it does not, or hides it. */
    readonly kernel: {
        /** VmRSS. It knows nothing of hugetlb pages, and of a guest_memfd only what the VMM maps. */
        readonly rss: Hex | null;
        readonly pss: Hex | null;
        /** Bytes that lead from the RSS to `charged`; "mapped-again" is negative. Empty where the RSS is not known. */
        readonly steps: readonly { readonly step: ChargeStep; readonly bytes: number }[];
        /** The sum of `steps`: what `total` must come to. */
        readonly charged: Hex | null;
        readonly cgroup: AccountCgroup | null;
    };
    /** `charged` less `total`, and what may be behind it; null where `charged` is not known. */
    readonly notExplained: { readonly bytes: number; readonly reason: string } | null;
    readonly unknown: readonly Unknown[];
}

export interface AccountMethods {
    /**
     * With `pss` that in any case: the kernel walks all page tables of the VMM under its mmap lock for it. Without, only
     * where that takes no time to speak of.
     */
    account: { params: { vm: VmId; pss: boolean } & Progressing; result: MemoryAccount };
}
