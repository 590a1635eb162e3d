/** What happens to guest memory while somebody watches: the events, as they are sent, printed and shown. */
import type { Hex } from './address';
import type { Finding } from './finding';
import type { Attribute, VmId } from './model';

/** Fields that are on every event. */
interface Occurrence {
    /** ISO 8601 in UTC, with microseconds. Of a call: when it returned. */
    readonly time: string;
    /** Of the VMM, or of who else did it; null where the kernel did, or it cannot be seen from here. */
    readonly thread: number | null;
}

/** A system call, which tells how it ended. */
interface Call extends Occurrence {
    readonly microseconds: number;
    /** "EAGAIN"; null = it succeeded. */
    readonly error: string | null;
}

export type FaultAccess = 'read' | 'write' | 'execute';

/** What the address of a `shadow-fault` is. A guest that the VM itself runs is nested. */
export type ShadowAddressKind = 'guest-virtual' | 'nested-guest-virtual' | 'nested-guest-physical';

export type MemoryEvent =
    /** A memslot is made, changed or, with size 0x0, removed. */
    | (Call & {
          readonly kind: 'memslot';
          readonly addressSpace: number;
          readonly memslot: number;
          readonly gpa: Hex;
          readonly size: Hex;
          readonly hva: Hex;
          readonly flags: readonly string[];
          /** That is bound to it, and where it begins in there. */
          readonly guestMemfd: { readonly inode: number; readonly offset: Hex } | null;
      })
    /** The VMM sets attributes. */
    | (Call & { readonly kind: 'attributes'; readonly gpa: Hex; readonly size: Hex; readonly to: Attribute })
    /** KVM is about to change attributes: as `attributes`, but at the beginning, before its lock, and only for calls that it takes up. */
    | (Occurrence & { readonly kind: 'attributes-changed'; readonly gpa: Hex; readonly size: Hex; readonly to: Attribute })
    | (Call & { readonly kind: 'guest-memfd'; readonly size: Hex; readonly flags: readonly string[]; readonly fd: number | null })
    /** fallocate on a guest_memfd. */
    | (Call & { readonly kind: 'allocate' | 'punch'; readonly inode: number; readonly offset: Hex; readonly size: Hex })
    /**
     * Attributes are set on a guest_memfd, where the kernel converts in place. `errorOffset` is where in the file it gave up
     * with EAGAIN: somebody holds the page there.
     */
    | (Call & {
          readonly kind: 'guest-memfd-attributes';
          readonly inode: number;
          readonly offset: Hex;
          readonly size: Hex;
          readonly to: Attribute;
          readonly errorOffset: Hex | null;
      })
    /** Pages that a guest_memfd gets or gives back, whatever the reason. */
    | (Occurrence & { readonly kind: 'pages-added' | 'pages-removed'; readonly inode: number; readonly offset: Hex; readonly size: Hex })
    /** An access of the guest that its mapping does not allow. `private` is null where the processor does not tell. */
    | (Occurrence & {
          readonly kind: 'fault';
          readonly vcpu: number;
          readonly gpa: Hex;
          readonly access: FaultAccess;
          readonly private: boolean | null;
      })
    /**
     * The same where KVM's shadow MMU maps the guest, or a nested one: the address is what the guest's own page tables
     * translate, and no GPA of this VM. `mapped` tells the GPA that it led to. `addressKind` is null where the kernel does
     * not tell which MMU it is: then it may be a GPA, too.
     */
    | (Occurrence & {
          readonly kind: 'shadow-fault';
          readonly vcpu: number;
          readonly address: Hex;
          readonly addressKind: ShadowAddressKind | null;
          readonly access: FaultAccess;
      })
    /** The page that KVM maps for the guest. */
    | (Occurrence & { readonly kind: 'mapped'; readonly gpa: Hex; readonly size: Hex })
    /** KVM_RUN ends, since the guest's access does not fit the attribute. */
    | (Occurrence & { readonly kind: 'memory-fault'; readonly vcpu: number | null; readonly gpa: Hex; readonly size: Hex; readonly private: boolean })
    /** The host takes memory of the VMM back, and so from the guest. */
    | (Occurrence & { readonly kind: 'unmapped'; readonly hva: Hex; readonly size: Hex })
    /** The guest asks its VMM for a conversion (KVM_HC_MAP_GPA_RANGE). */
    | (Occurrence & { readonly kind: 'conversion-asked'; readonly gpa: Hex; readonly size: Hex; readonly to: Attribute });

export type MemoryEventKind = MemoryEvent['kind'];

/** Events that this kernel does not tell. */
export interface MissingEvents {
    readonly kinds: readonly MemoryEventKind[];
    readonly reason: string;
}

/** The first line of `guestmem watch --jsonl`. */
export interface WatchStart {
    readonly kind: 'watching';
    readonly time: string;
    readonly vm: VmId;
    readonly missing: readonly MissingEvents[];
}

/** A line of it where events found no room: between the lines before and after this one. */
export interface WatchLoss {
    readonly kind: 'lost';
    readonly time: string;
    readonly events: number;
}

/** Its last line. */
export interface WatchEnd {
    readonly kind: 'ended';
    readonly time: string;
    readonly events: number;
    readonly lost: number;
    readonly reason: 'time' | 'interrupted' | 'vm-ended';
    /** All patterns that were found, as they are at the end. */
    readonly patterns: readonly Finding[];
}

/** A line of it when a pattern in the events is found, the first time. */
export interface WatchPattern {
    readonly kind: 'pattern';
    readonly time: string;
    readonly finding: Finding;
}

export type WatchLine = WatchStart | MemoryEvent | WatchLoss | WatchPattern | WatchEnd;
