/** What is wrong, wasteful or surprising about a VM's memory: derived from its state, or from what was recorded. */
import type { FileRange, Unknown, VmId } from './model';
import type { WireRange } from './range';

/** "error": it fails or leaks. "warning": it costs memory or speed. "information": it surprises, and may be meant. */
export type FindingSeverity = 'error' | 'warning' | 'information';

export type FindingKind =
    | 'double-backed'
    /** Shared pages that a guest_memfd holds although nobody uses them there; without a page at the HVA, else they are double-backed. */
    | 'held-in-guest-memfd'
    /** Pages of a file in memory (memfd, shmem, hugetlb), of which the VMM has a second copy by a private mapping (MAP_PRIVATE). */
    | 'doubled-by-private-mapping'
    | 'private-without-guest-memfd'
    | 'unbound-guest-memfd'
    | 'leaked-guest-memfd'
    /** A vCPU, a guest_memfd or a mapping keeps the VM, of which no VM file descriptor is left. */
    | 'vm-without-descriptor'
    | 'misaligned-memslot'
    /** KVM maps pages of 4 KiB for the guest where nothing is against 2 MiB any more. */
    | 'small-guest-pages'
    | 'host-mapped-private'
    | 'fragmented-shared'
    | 'seccomp-forbids-conversion'
    /** Patterns: only where a recording has seen them. */
    | 'rejected-memslot'
    | 'rejected-guest-memfd'
    | 'ping-pong-conversion'
    | 'fault-loop'
    /** Refused with EAGAIN, for a page that something holds. */
    | 'conversion-held'
    | 'conversion-refused'
    | 'conversion-without-guest-memfd'
    | 'growing-double-backed'
    | 'wrong-attribute-at-punch'
    | 'wrong-attribute-at-allocation';

/** What helps: words, and where the tool itself can do it, the change or the place to look. */
export interface FindingAction {
    readonly text: string;
    /** The extension has a command for each; its target is the finding's first range. "none": somebody else must do it. */
    readonly does: 'show-on-map' | 'explain' | 'convert-to-private' | 'convert-to-shared' | 'punch' | 'none';
    /** The same as a command line, for the first range; null where the tool cannot do it. */
    readonly command: string | null;
}

export interface Finding {
    readonly kind: FindingKind;
    readonly severity: FindingSeverity;
    /** A few words with the number that matters: "1.2 GiB double-backed, HVA copy unused, slot 3". */
    readonly title: string;
    /** One to three sentences: what was found, why it matters. */
    readonly explanation: string;
    readonly action: FindingAction;
    /** Where, in address space `addressSpace`: the largest first, at most 100 of them. */
    readonly ranges: readonly WireRange[];
    readonly addressSpace: number;
    /** Bytes concerned, also in ranges that are not listed; null where bytes do not measure it. */
    readonly bytes: number | null;
    readonly memslot: number | null;
    readonly guestMemfd: { readonly inode: number; readonly ranges: readonly FileRange[] } | null;
    /** Where it comes from: "page states", "struct kvm_gmem", "recorded events", … */
    readonly source: string;
    /** Of a pattern. */
    readonly seen: FindingSeen | null;
}

export interface FindingSeen {
    /** Microseconds since 1970. */
    readonly from: number;
    readonly to: number;
    readonly times: number;
    /** Null where it was seen at one instant only. */
    readonly perSecond: number | null;
    /** The first ones, and the vCPUs that are known to run in them. */
    readonly threads: readonly number[];
    readonly vcpus: readonly number[];
}

export interface FindingList {
    readonly vm: VmId;
    /** The most severe first. */
    readonly findings: readonly Finding[];
    readonly unknown: readonly Unknown[];
}
