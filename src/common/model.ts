/**
 * The model of a VM as it crosses every boundary: what the command line prints with --json and what the agent sends.
 * It is a public interface: `schema/*.json` describes every shape, and a change needs a CHANGELOG entry. Addresses and
 * sizes are hex strings; what is not known is null, with the reason in `unknown`.
 */
import type { Hex } from './address';

/**
 * `pid:fd` of the VM: the process whose mm the VM has, at its lowest fd. A VM whose last VM fd was closed lives on while
 * something else holds it: then the fd is that of a vCPU or a guest_memfd, and `pid:0xHVA` names one that only a mapping
 * of such a file keeps.
 */
export type VmId = string;

/** A field that could not be read, and why; `field` is a path into the object beside it ("memslots", "hvaBacking"). */
export interface Unknown {
    readonly field: string;
    readonly reason: string;
}

/** "default", "sw-protected", "sev", "sev-es", "snp", "tdx", or "type-N" for a number that has no name here. */
export type VmType = string;

/** Another process (or fd) through which the same VM is held. */
export interface VmHolder {
    readonly pid: number;
    readonly fd: number;
}

export interface VmSummary {
    readonly id: VmId;
    readonly pid: number;
    /** -1 where only a mapping keeps the VM. */
    readonly fd: number;
    /** The process's command name: comm, whole where the kernel cut it to 15 bytes. */
    readonly command: string;
    /** The VM's name from the VMM's command line (-name, --id, …), or null. */
    readonly name: string | null;
    readonly vcpus: number | null;
    /** Bytes in the memslots of address space 0 that KVM did not make itself. */
    readonly memory: Hex | null;
    readonly type: VmType | null;
    /** The process that traces the VMM, or null. */
    readonly tracedBy: number | null;
    readonly holders: readonly VmHolder[];
    /** What `id` names: the VM's own fd, or what keeps the VM alive after the last of these was closed. */
    readonly heldBy: 'vm' | 'vcpu' | 'guest_memfd' | 'mapping';
}

export interface VmList {
    readonly vms: readonly VmSummary[];
    readonly unknown: readonly Unknown[];
}

/** Who decides private or shared: the VM's own store, the guest_memfd of the slot, or nobody (all is shared). */
export type AttributeScope = 'vm' | 'guest_memfd' | 'none';
export type Attribute = 'private' | 'shared';

export interface Capabilities {
    readonly attributes: readonly 'private'[];
    readonly attributeScope: AttributeScope;
}

export type BackingKind = 'anonymous' | 'memfd' | 'shmem' | 'hugetlb' | 'file' | 'guest_memfd' | 'device' | 'unmapped' | 'mixed';

export interface Memslot {
    readonly id: number;
    /** True for the slots that KVM made itself (id ≥ KVM_USER_MEM_SLOTS). */
    readonly internal: boolean;
    readonly gpa: Hex;
    readonly size: Hex;
    readonly flags: readonly ('log-dirty-pages' | 'readonly' | 'guest-memfd')[];
    /** Guest faults ignore the HVA: the guest_memfd alone backs the slot. */
    readonly gmemOnly: boolean;
    readonly hva: Hex;
    /** Null where the slot has none, and where its fd was closed while the flag stays. */
    readonly guestMemfd: GuestMemfdPlace | null;
    /**
     * What the VMM has mapped at the HVA; null when /proc/PID/maps could not be read. `rights` are those of the mapping,
     * "rw-" as in /proc/PID/maps; null where parts of the slot differ or nothing is mapped.
     */
    readonly backing: { readonly kind: BackingKind; readonly path: string | null; readonly rights: string | null } | null;
}

export interface GuestMemfdPlace {
    readonly inode: number;
    /** The VMM's lowest; -1 where only other processes have one. */
    readonly fd: number;
    readonly offset: Hex;
}

export interface AddressSpace {
    readonly id: number;
    readonly memslots: readonly Memslot[];
}

export interface GuestMemfdBinding {
    readonly addressSpace: number;
    readonly memslot: number;
    readonly offset: Hex;
    readonly size: Hex;
}

export interface GuestMemfd {
    readonly inode: number;
    readonly fds: readonly number[];
    readonly size: Hex;
    /** "mmap", "init-shared", or "flag-N" for a bit that has no name here. */
    readonly flags: readonly string[];
    readonly allocated: Hex | null;
    readonly prepared: Hex | null;
    readonly bindings: readonly GuestMemfdBinding[];
    /** Every fd of every process that names this guest_memfd; `fds` are those of the VMM. */
    readonly holders: readonly VmHolder[];
    /** Where no memslot is bound: what is allocated there is of no use to the guest. */
    readonly unbound: readonly FileRange[];
    /** It takes memory, but no guest uses it: no memslot is bound to it, or neither a VM nor a vCPU fd of its VM is left. */
    readonly leaked: boolean;
    /** Where processes have it mapped; null when that could not be looked at. */
    readonly hostMappings: readonly GuestMemfdMapping[] | null;
    /** Allocated bytes by the size of the folio they are in, smallest first; null when not known. */
    readonly folios: readonly { readonly pageSize: Hex; readonly size: Hex }[] | null;
    /** The NUMA nodes of the allocated pages: a range reaches over holes, but not over a page of another node. */
    readonly nodes: readonly (FileRange & { readonly node: number })[] | null;
    /** Whether the kernel's direct map still holds its pages; null where the kernel does not tell. */
    readonly directMap: 'present' | 'removed' | null;
    /** Runs of attributes of its own (in-place conversion); null where the kernel keeps none for it. */
    readonly attributes: readonly (FileRange & { readonly attribute: Attribute })[] | null;
}

/** Bytes of a file. */
export interface FileRange {
    readonly offset: Hex;
    readonly size: Hex;
}

export interface GuestMemfdMapping extends FileRange {
    readonly pid: number;
    readonly hva: Hex;
    /** As in /proc/PID/maps: "rw-". */
    readonly rights: string;
}

export interface VcpuExit {
    /** KVM_EXIT_MEMORY_FAULT is "memory-fault", and so on; "exit-N" for a number that has no name here. */
    readonly reason: string;
    /** What the guest tried to access. Null with any other reason. */
    readonly memoryFault: { readonly gpa: Hex; readonly size: Hex; readonly access: Attribute } | null;
}

export interface Vcpu {
    readonly id: number;
    readonly fd: number | null;
    /** The thread that last ran it; null before the first KVM_RUN. */
    readonly tid: number | null;
    /** The last exit to the VMM. Null before the first one, and where the kernel forgets it at KVM_RUN, while that runs. */
    readonly exit: VcpuExit | null;
    /** As of the last exit that KVM itself took. Null where KVM does not hold the current value. */
    readonly rip: Hex | null;
    readonly cr3: Hex | null;
}

export interface VmDetails {
    readonly vm: VmSummary;
    readonly capabilities: Capabilities;
    readonly addressSpaces: readonly AddressSpace[];
    readonly guestMemfds: readonly GuestMemfd[];
    readonly vcpus: readonly Vcpu[];
    readonly unknown: readonly Unknown[];
}

export type PageSizeName = '4K' | '2M' | '1G';
/**
 * `null` as a state = it could not be read; `unknown` beside it says why. `rights` are those of the VMM's mapping
 * ("rw-"), null where nothing is mapped or it is not known.
 */
export type HvaBacking =
    | { readonly state: 'none' }
    | { readonly state: 'absent' | 'swapped' | 'zero' | null; readonly rights: string | null }
    | { readonly state: 'present'; readonly mapped: boolean; readonly pageSize: PageSizeName | null; readonly rights: string | null };
export type GmemBacking =
    | { readonly state: 'none' | 'absent' | null }
    /** NUMA node of the page; null where it is not known. */
    | { readonly state: 'allocated' | 'prepared'; readonly node: number | null };
/** The page that KVM maps for the guest; "none" = the guest's next access faults into KVM. */
export type GuestMapping =
    | { readonly level: 'none'; readonly writable: false }
    | {
          readonly level: PageSizeName;
          readonly writable: boolean;
          readonly executable: boolean;
          /** What the processor noted in the entry. Null where it was not asked for, or the processor notes nothing. */
          readonly accessed: boolean | null;
          readonly dirty: boolean | null;
      };

/**
 * Why the guest mapping is not of the next larger size:
 * - `misaligned`: the GPA and the HVA (or the offset in the guest_memfd) lie differently within a large page
 * - `slot-edge`: the large page would reach over the memslot's edge
 * - `mixed-attributes`: it would be private in one part and shared in another
 * - `dirty-logging`: KVM logs single pages
 * - `host-page`: the page behind it is not larger
 * - `disallowed`: KVM counts another reason against it (kvm_lpage_info.disallow_lpage)
 * - `nx-huge-pages`: the guest may execute the page, and KVM lets it execute no large ones (its parameter nx_huge_pages)
 */
export const largerPageObstacles = [
    'misaligned',
    'slot-edge',
    'mixed-attributes',
    'dirty-logging',
    'host-page',
    'disallowed',
    'nx-huge-pages',
] as const;
export type LargerPageObstacle = (typeof largerPageObstacles)[number];

/**
 * The copy of a page that KVM maps for the guest, for an access as the attribute says; "none": the access ends KVM_RUN
 * with MEMORY_FAULT. What KVM itself does for the guest, emulating an instruction, goes through the HVA all the same.
 */
export type GuestCopy = 'hva' | 'guest_memfd' | 'none';

/** A page run: consecutive pages of one address space in one state, never across memslots. */
export interface PageRun {
    readonly gpa: Hex;
    readonly size: Hex;
    readonly memslot: number | null;
    readonly attribute: Attribute;
    readonly scope: AttributeScope;
    readonly hvaBacking: HvaBacking;
    readonly gmemBacking: GmemBacking;
    readonly guestMapping: GuestMapping | null;
    /** Written since the VMM last took the dirty log; null where KVM does not log. */
    readonly dirty: boolean | null;
    /** Null where the guest maps nothing, or the mapping or what is against a larger one is not known; empty where nothing is. */
    readonly whyNotLarger: readonly LargerPageObstacle[] | null;
    readonly guestUses: GuestCopy;
}

/** Bytes inside memslots, but for `outsideMemslots`: private bytes where no memslot is. */
export interface PageTotals {
    readonly private: Hex;
    readonly shared: Hex;
    readonly doubleBacked: Hex;
    readonly outsideMemslots: Hex;
    /** The same for each memslot of which pages were looked at, by GPA. */
    readonly memslots: readonly MemslotTotals[];
}

export interface MemslotTotals {
    readonly memslot: number;
    readonly private: Hex;
    readonly shared: Hex;
    readonly doubleBacked: Hex;
}

export interface PageMap {
    readonly vm: VmId;
    readonly addressSpace: number;
    readonly takenAt: string;
    /** False when the VM kept changing while it was read. */
    readonly consistent: boolean;
    readonly runs: readonly PageRun[];
    readonly totals: PageTotals;
    readonly unknown: readonly Unknown[];
}

/** "outside": no memslot is there, so an access by the guest exits to the VMM. */
export type ReadSource = 'page' | 'hole' | 'private' | 'unreadable' | 'outside';
export interface ReadRange {
    readonly gpa: Hex;
    readonly size: Hex;
    readonly source: ReadSource;
}
export interface MemoryRead {
    readonly gpa: Hex;
    readonly size: Hex;
    /** Base64 in JSON; bytes on the agent's wire (see agentProtocol). Holes and unread bytes are zero. */
    readonly bytes: string;
    readonly ranges: readonly ReadRange[];
}

export interface DoctorCheck {
    readonly id: string;
    readonly ok: boolean;
    readonly found: string;
    /** What to do, or null when nothing needs doing. */
    readonly fix: string | null;
}
export interface DoctorReport {
    readonly checks: readonly DoctorCheck[];
    readonly ok: boolean;
}


/** Where the address is, and the state of its page. */
export interface PageFacts {
    readonly vm: VmId;
    readonly addressSpace: number;
    readonly gpa: Hex;
    readonly memslot: Memslot | null;
    /**
     * "mmio": no memslot, every access exits to the VMM. "rom": writes exit to the VMM. "unreachable": wider than the
     * guest's physical addresses, so that its processor refuses it.
     */
    readonly kind: 'memory' | 'rom' | 'mmio' | 'unreachable';
    /** The byte's own HVA (slot HVA + offset), null outside memslots. */
    readonly hva: Hex | null;
    /** The byte's own place in its guest_memfd. */
    readonly guestMemfd: GuestMemfdPlace | null;
    /** The page's state; its range is the run that holds the page. */
    readonly run: PageRun;
    readonly doubleBacked: boolean;
    readonly unknown: readonly Unknown[];
}
