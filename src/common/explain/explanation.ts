/** What an explanation of one guest physical address says beside the state of its page: sentences, and what they rest on. */
import type { Hex } from '../address';
import type { Attribute, PageFacts } from '../model';

export type SentenceSubject = 'owner' | 'backing' | 'guest' | 'host' | 'size' | 'private-access' | 'shared-access' | 'exits' | 'changes' | 'holders';

export interface Sentence {
    readonly about: SentenceSubject;
    /** One or two plain sentences. Names of files and processes in it were chosen by others. */
    readonly text: string;
    /** Where that is read: "struct kvm_memory_slot", "/proc/PID/maps", … */
    readonly source: string;
}

/**
 * Who settles whether an access is private: the guest, by a bit in its own page tables (SNP, TDX); the attribute, so that
 * an access always fits it (software-protected VMs); or nobody, since all accesses are shared.
 */
export type AccessDecider = 'guest' | 'attribute' | 'nobody';

/**
 * What an access by the guest would come to if it were made now:
 * - `memory`: it reaches a page, after a fault into KVM where the guest has no mapping
 * - `memory-fault`: KVM_RUN ends with EFAULT and exit reason MEMORY_FAULT
 * - `efault`: KVM_RUN ends with EFAULT, or with exit reason MMIO where KVM happens to emulate the instruction
 * - `mmio`: KVM emulates it, and where it has no device there KVM_RUN ends with exit reason MMIO
 * - `refused`: the guest's processor refuses the address
 * - `impossible`: the guest cannot make such an access to this page
 */
export interface AccessOutcome {
    readonly result: 'memory' | 'memory-fault' | 'efault' | 'mmio' | 'refused' | 'impossible';
    /** The side that a page is reached on; null where none is. */
    readonly side: 'hva' | 'guest_memfd' | null;
    /** No page is there yet: one is allocated or read in for it. Null where none is reached, or it is not known. */
    readonly allocates: boolean | null;
    /** Of the MEMORY_FAULT exit, KVM_MEMORY_EXIT_FLAG_…: 0x8 where the access was private. Null with any other result. */
    readonly flags: Hex | null;
}

export interface AccessPrediction {
    readonly read: AccessOutcome;
    readonly write: AccessOutcome;
}

/** A vCPU whose last exit was MEMORY_FAULT at this page. */
export interface FaultingVcpu {
    readonly vcpu: number;
    readonly gpa: Hex;
    readonly size: Hex;
    readonly access: Attribute;
}

/** Something that changed the page, or happened to it. */
export interface PageChange {
    /** ISO 8601 in UTC. */
    readonly time: string;
    readonly text: string;
    /** "record of changes" are those that guestmem made; "recording" what KVM and the VMM did while it was recorded. */
    readonly source: 'record of changes' | 'recording';
}

export interface MappingProcess {
    readonly pid: number;
    readonly command: string;
    readonly hva: Hex;
    readonly rights: string;
}

/** Something that could hold pages of the VMM's, of which the kernel does not tell which ones. */
export interface PossibleHolder {
    readonly kind: 'vfio' | 'iommufd' | 'vhost' | 'io_uring' | 'rdma';
    readonly pid: number;
    readonly fds: readonly number[];
}

/** Of the folio that has the page of one side. */
export interface FolioHolders {
    readonly side: 'hva' | 'guest_memfd';
    /** Pages of the folio: counts are of all of it. */
    readonly pages: number;
    readonly references: number;
    /** How often page tables of processes map it; null where it is not known. */
    readonly mappings: number | null;
    /** Pins for DMA (FOLL_PIN); null where the kernel does not count them apart. */
    readonly pins: number | null;
}

export interface PageHolders {
    /** Processes that have this page mapped, or could touch it without another call. */
    readonly mappedBy: readonly MappingProcess[];
    readonly folios: readonly FolioHolders[];
    readonly possible: readonly PossibleHolder[];
}

/** What is looked at for the sentences, beside the state of the page. */
export interface Circumstances {
    readonly decidedBy: AccessDecider;
    /**
     * The HVA maps the memslot's own guest_memfd at the same offset, so that a conversion leaves the guest the same physical
     * page. Null where there are no two sides, or it is not known.
     */
    readonly onePage: boolean | null;
    /** Newest first, at most ten. */
    readonly changes: readonly PageChange[];
    readonly holders: PageHolders;
    /** vCPUs whose last exit was at this page. */
    readonly faults: readonly FaultingVcpu[];
}

export type Accesses = Readonly<Record<Attribute, AccessPrediction>>;

export interface Explanation extends Circumstances {
    readonly accesses: Accesses;
    readonly sentences: readonly Sentence[];
}

/** Everything about one guest physical address. */
export interface AddressFacts extends PageFacts, Explanation {}
