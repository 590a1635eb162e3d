/**
 * The native addon: what the kernel says about one VMM process, and the one change it can make there. Calls are
 * synchronous and bounded; long walks return in chunks with the place to go on from. Only src/agent/native.ts loads it.
 *
 * Every failure is a NativeError. Kernel pointers never cross this boundary: a `struct kvm` is known here by a small
 * number that lives as long as the addon.
 */

/** Name of an errno ("EPERM"), what was tried, and for a BPF load the end of the verifier's log. */
export interface NativeError extends Error {
    readonly code: string;
    readonly operation: string;
    readonly log?: string;
}

/** Stands for one `struct kvm`: equal numbers mean the same VM. */
export type VmIdentity = number;

/** Loads and verifies every BPF program once; returns null when all are usable, else the first failure. */
export function probeBpf(): NativeError | null;

/** Microseconds that the kernel takes for 16 MiB, on a VM of this type that is made for it and thrown away. */
export interface ConversionTime {
    readonly toPrivate: number;
    readonly toShared: number;
}

/** `vmType` as KVM numbers it. Throws where this process cannot make such a VM, or it takes no attributes. */
export function measureConversion(vmType: number): ConversionTime;

/** A KVM file that a process has mapped: a vCPU's kvm_run, or a guest_memfd. It keeps the VM alive without any fd. */
export interface KvmMapping {
    readonly pid: number;
    readonly kind: 'vcpu' | 'guest_memfd';
    readonly vm: VmIdentity;
    /** Each guest_memfd has its own; all vCPUs have the same. */
    readonly inode: number;
    /** [start, end) */
    readonly start: bigint;
    readonly end: bigint;
    /** Of the file. */
    readonly firstPage: number;
    /** "rw-" */
    readonly rights: string;
}

export interface KvmMappingChunk {
    readonly mappings: readonly KvmMapping[];
    /** Processes that are changing their mappings, which could not be looked at without waiting for them. */
    readonly busy: Int32Array;
    /** Where to go on, null when all processes were looked at. */
    readonly next: { readonly pid: number; readonly hva: bigint } | null;
}

/** Of all processes that this one can see, from this address of this process on. Throws EOPNOTSUPP before Linux 6.7. */
export function kvmMappings(pid: number, hva: bigint): KvmMappingChunk;

/** The folio that has a physical page, all of it. Source: its struct page. */
export interface FrameFolio {
    readonly pages: number;
    readonly references: number;
    /** How often page tables map it; null where the kernel does not tell. */
    readonly mappings: number | null;
    /** Pins of a large folio (FOLL_PIN); null for one page, whose pins are among its references, GUP_PIN_COUNTING_BIAS each. */
    readonly pins: number | null;
}

/**
 * Looks at a page frame number without holding it. null when it is free, has no struct page, was split or freed just now, or
 * this kernel does not tell. Throws EPERM without CAP_SYS_ADMIN.
 */
export function frameFolio(frame: number): FrameFolio | null;

/** Columns, one entry per memslot, all address spaces, in no order. Source: struct kvm_memory_slot. */
export interface MemslotColumns {
    readonly count: number;
    readonly addressSpaces: Uint16Array;
    readonly ids: Int16Array;
    readonly gfns: Float64Array;
    readonly pages: Float64Array;
    readonly hvas: BigUint64Array;
    /** As KVM has them, internal bits (≥ 1<<16) included: 1 log dirty, 2 readonly, 4 guest_memfd, 1<<17 GMEM_ONLY. */
    readonly flags: Uint32Array;
    /** Inode of the bound guest_memfd, -1 without one. */
    readonly gmemInodes: Float64Array;
    /** First page of the slot in its guest_memfd. */
    readonly gmemPages: Float64Array;
}

/** Source: struct kvm, read under a reference to its file. `null` = this kernel's struct has no such field. */
export interface VmRecord {
    readonly vm: VmIdentity;
    /**
     * Another one for every VM since boot: the inode number of the VM's debugfs folder. Null where KVM makes none. It tells
     * one VM from another later, where `vm` lives only as long as the addon.
     */
    readonly serial: number | null;
    /** kvm->mm is this process's mm. */
    readonly ownedByProcess: boolean;
    readonly type: number | null;
    readonly hasPrivateMemory: boolean | null;
    /** The kernel keeps VM-scope attributes (kvm->mem_attr_array exists). */
    readonly hasAttributeStore: boolean;
    readonly addressSpaces: number;
    readonly vcpus: number;
    /** Bytes of each vCPU's dirty ring (KVM_CAP_DIRTY_LOG_RING); 0 when the VM uses none. */
    readonly dirtyRingSize: number;
    /** KVM_CAP_VM_DISABLE_NX_HUGE_PAGES: KVM's parameter nx_huge_pages does not hold for this VM. */
    readonly disablesNxHugePages: boolean;
    readonly memslots: MemslotColumns;
    /** False when the memslots still changed after bounded retries. */
    readonly consistent: boolean;
}

/** A KVM file of the process: its VMs, vCPUs and guest_memfds. */
export interface KvmFile {
    readonly fd: number;
    readonly kind: 'vm' | 'vcpu' | 'guest_memfd';
    readonly vm: VmIdentity;
    /** vCPU id; 0 for the other kinds. */
    readonly vcpu: number;
    /** Thread that last ran the vCPU, in the reader's pid namespace; null before the first KVM_RUN and for other kinds. */
    readonly tid: number | null;
}

/**
 * Where a vCPU stands, as it was at its last exit. Sources: struct kvm_run, which the VMM can write, and the registers
 * that KVM keeps.
 */
export interface VcpuState {
    /** KVM_EXIT_…; 0 before the first exit, and where the kernel clears it at the begin of KVM_RUN, while that runs. */
    readonly exitReason: number;
    /** Of KVM_EXIT_MEMORY_FAULT, null with another reason; flag 8: the access was private. */
    readonly memoryFault: { readonly flags: bigint; readonly gpa: bigint; readonly size: bigint } | null;
    /** Null where KVM has no current value: encrypted guests, and Intel's before KVM has read it after the exit. */
    readonly rip: bigint | null;
    readonly cr3: bigint | null;
    /**
     * What else settles how the guest's virtual addresses lead to physical ones; null for an encrypted guest. `nested`: a
     * nested guest runs, whose physical addresses are not those of the VM.
     */
    readonly paging: {
        readonly cr0: bigint;
        readonly cr4: bigint;
        readonly efer: bigint;
        /** 1 in System Management Mode. */
        readonly addressSpace: number;
        readonly nested: boolean;
    } | null;
    /** How wide the guest's physical addresses are, by its CPUID. Null where the kernel does not tell. */
    readonly physicalAddressBits: number | null;
}

/** Sorted disjoint runs; `next` is where to go on, null when the asked range is done. */
export interface AttributeChunk {
    readonly gfns: Float64Array;
    readonly pages: Float64Array;
    /** Attribute bits; gfns in no run have none. */
    readonly values: Uint8Array;
    readonly next: number | null;
    /** kvm->mmu_invalidate_seq; a walk in several chunks is one state only if it never moved. */
    readonly sequence: bigint;
    /** Attributes were not being set, before or after. */
    readonly settled: boolean;
    /** And no other change was under way, and the sequence did not move. */
    readonly quiet: boolean;
}

/** How KVM maps the guest's memory. Source: the page tables of the TDP MMU. */
export interface GuestMappingChunk {
    /** gfns; those in no run are not mapped. */
    readonly first: Float64Array;
    readonly pages: Float64Array;
    /**
     * bits 0-1: 1 a 4 KiB page, 2 of 2 MiB, 3 of 1 GiB; bit 2: writable; bit 3: executable. Only when it was asked for,
     * since these change without pause: bits 4-5 accessed, bits 6-7 dirty, each 0 not noted by this processor, 1 no, 2 yes.
     */
    readonly states: Uint8Array;
    readonly next: number | null;
    /** Tables of every level whose first frame is in this chunk: those of all chunks are all tables. */
    readonly tables: number;
}

/**
 * Why the tables say nothing. `shadow`: KVM maps this VM by its shadow MMU (nested paging or the TDP MMU is off).
 * `no-root`: there are no tables, and this kernel does not tell whether the TDP MMU is in use. `split`: a TDX VM, whose
 * private memory the TDX module maps. `several-roots`: its vCPUs use different tables. `no-direct-map`: the kernel does
 * not tell where it sees physical memory. `unreadable`: an entry points to no table.
 */
export interface GuestMappingProblem {
    readonly problem: 'shadow' | 'no-root' | 'split' | 'several-roots' | 'no-direct-map' | 'unreadable';
}

/** What KVM counts against large pages in one memslot. Source: kvm_memory_slot.arch.lpage_info. */
export interface LargePageObstacleChunk {
    /** gfns of whole 2 MiB regions (the slot's first and last may reach over its edge); those in no run have none. */
    readonly first: Float64Array;
    readonly pages: Float64Array;
    /** bit 0: no 2 MiB page because of mixed attributes, bit 1: because of another count; bits 2-3 the same for 1 GiB. */
    readonly states: Uint8Array;
    readonly next: number | null;
}

/** Counters that the kernel moves when a VM's memory changes: what they cover while they stand still is in ARCHITECTURE.md. */
export interface VmStamps {
    readonly vm: VmIdentity;
    /** In a fixed order. */
    readonly counters: BigUint64Array;
    /** No change was under way. */
    readonly quiet: boolean;
}

/** What KVM itself keeps for a VM. Null where this kernel does not tell. */
export interface KvmMemory {
    /** Nodes of the attribute store, 0 without one; null also when there are more than are counted at once (1 TiB of pages). */
    readonly attributeNodes: number | null;
    /** In bytes. */
    readonly nodeSize: number;
    /** Pages of the shadow MMU's tables. */
    readonly shadowPages: number | null;
    /** KVM keeps kvm_memory_slot.arch.rmap, and gfn_write_track, for the VM's memslots. */
    readonly hasReverseMap: boolean | null;
    readonly tracksWrites: boolean | null;
}

/** Source: the dirty bitmap of one memslot, which is left as it is. */
export interface DirtyPagesChunk {
    /** gfns of dirty pages; the others are clean. */
    readonly first: Float64Array;
    readonly pages: Float64Array;
    /** 1 throughout. */
    readonly states: Uint8Array;
    readonly next: number | null;
}

/** Source: struct inode and kvm_gmem / gmem_file / gmem_inode. */
export interface GuestMemfdRecord {
    readonly inode: number;
    readonly vm: VmIdentity;
    readonly size: bigint;
    /** Creation flags (1 mmap, 2 init-shared). */
    readonly flags: bigint;
    readonly allocatedPages: number;
    /** Null where the kernel does not tell. Source: the flags of the inode's address_space. */
    readonly inDirectMap: boolean | null;
    /** The kernel keeps memory attributes for this guest_memfd (gmem_inode.attributes exists). */
    readonly hasAttributeStore: boolean;
    readonly bindings: readonly {
        readonly addressSpace: number;
        readonly memslot: number;
        /** In pages of the guest_memfd. */
        readonly first: number;
        readonly pages: number;
    }[];
}

export interface PageCacheChunk {
    /** Page indexes in the file. */
    readonly first: Float64Array;
    readonly pages: Float64Array;
    /**
     * bits 0-1: 1 allocated and not up to date, 2 up to date, 3 swapped (a shmem entry). Of a guest_memfd also bits 2-7:
     * the NUMA node plus one; 0 where it is not known or has no room here.
     */
    readonly states: Uint8Array;
    readonly next: number | null;
    /** Pages of this chunk that are there, by the order of their folio; index = order. Null where this kernel hides one. */
    readonly folioOrders: Float64Array | null;
}

/** Of the folio that has a page of a guest_memfd. Source: its count of references. */
export interface FolioReferences {
    readonly references: number;
    /** How many pages it has; the page cache has a reference for each. */
    readonly pages: number;
}

/** What KVM_SET_MEMORY_ATTRIBUTES2 came to. */
export interface GuestMemfdConversion {
    /** An errno's name, or null. */
    readonly error: string | null;
    /** In bytes of the guest_memfd; with EAGAIN the first page that something holds, and nothing was converted. */
    readonly errorOffset: bigint;
}

export interface PagemapChunk {
    /** Page numbers of host virtual addresses (HVA / 4096). Gaps are absent. */
    readonly first: Float64Array;
    readonly pages: Float64Array;
    /** bits 0-1: 1 present, 2 swapped, 3 zero page; bit 2: file-backed or shared; bit 3: mapped by a huge entry. */
    readonly states: Uint8Array;
    /** A page number, too. */
    readonly next: number | null;
    readonly source: 'PAGEMAP_SCAN' | 'pagemap';
}

/** Why a change cannot be injected, or what came of it. */
export type InjectOutcome =
    | {
          readonly kind: 'done';
          /** 0, or the errno name that the ioctl returned inside the VMM. */
          readonly error: string | null;
          readonly tid: number;
          readonly stoppedMicroseconds: number;
      }
    | {
          readonly kind: 'refused';
          readonly reason: 'seccomp' | 'traced' | 'no-thread' | 'vm-changed' | 'not-permitted' | 'unsupported';
          /** For people: which thread, what was found. */
          readonly detail: string;
          readonly tracer?: number;
      }
    | {
          /** The call was begun and its result could not be awaited: it may have been done or not. Read the state again. */
          readonly kind: 'unknown';
          readonly detail: string;
          readonly tid: number;
          readonly stoppedMicroseconds: number;
      };

/** A process held by pidfd: its number cannot be reused under us. Nothing of a VM is kept between calls. */
export class VmmProcess {
    /** Throws ESRCH when there is no such process, EINVAL for a thread. */
    constructor(pid: number);
    readonly pid: number;
    /** False once the process has exited (pidfd readable). */
    readonly alive: boolean;
    close(): void;

    kvmFiles(): KvmFile[];
    /**
     * `fd` may be any KVM file of the VM, here and wherever a method asks for a `vmFd`: a VM lives on through its vCPUs and
     * guest_memfds. null when the fd is none of these (any more).
     */
    readVm(fd: number): VmRecord | null;
    /** null when the fd is no VM, its memory is not this process's, or this kernel lacks one of the counters. */
    readStamps(vmFd: number): VmStamps | null;
    /** null when the fd is no VM. */
    readKvmMemory(vmFd: number): KvmMemory | null;
    /** null when the fd is not a vCPU. */
    readVcpuState(fd: number): VcpuState | null;
    /** Attribute runs in [firstGfn, endGfn). null when the fd is no VM or the kernel keeps no VM-scope attributes. */
    readAttributes(vmFd: number, firstGfn: number, endGfn: number): AttributeChunk | null;
    /** Guest mapping in [firstGfn, endGfn) of one address space. null when the fd is no VM. */
    readGuestMapping(
        vmFd: number,
        addressSpace: number,
        firstGfn: number,
        endGfn: number,
        withAccessed: boolean,
    ): GuestMappingChunk | GuestMappingProblem | null;
    /**
     * What is against large pages in [firstGfn, endGfn), which lie in one memslot. null when the fd is no VM, no memslot
     * is there or it keeps no such counts. Throws EAGAIN when memslots change without pause.
     */
    readLargePageObstacles(vmFd: number, addressSpace: number, firstGfn: number, endGfn: number): LargePageObstacleChunk | null;
    /**
     * Dirty pages in [firstGfn, endGfn), which lie in one memslot. null when the fd is no VM or the memslot has no
     * bitmap. Throws EAGAIN when memslots change without pause.
     */
    readDirtyPages(vmFd: number, addressSpace: number, firstGfn: number, endGfn: number): DirtyPagesChunk | null;
    /** null when the fd is not a guest_memfd. */
    readGuestMemfd(fd: number): GuestMemfdRecord | null;
    /** Page cache of a guest_memfd, pages [first, end). null when the fd is not a guest_memfd. */
    readGuestMemfdPages(fd: number, first: number, end: number): PageCacheChunk | null;
    /** Attribute runs of a guest_memfd, pages [first, end) of it. null when the fd is none or it keeps no attributes. */
    readGuestMemfdAttributes(fd: number, first: number, end: number): AttributeChunk | null;
    /**
     * Where a guest_memfd has the page frame number `frame`, among pages [first, end): `page` is null where none of those that
     * were looked at is it, and `next` where to go on. null when the fd is no guest_memfd. EPERM without CAP_SYS_ADMIN.
     */
    findGuestMemfdFrame(fd: number, frame: number, first: number, end: number): { readonly page: number | null; readonly next: number | null } | null;
    /** null when the fd is no guest_memfd, the page is absent, or this kernel does not tell. */
    readFolioReferences(fd: number, page: number): FolioReferences | null;
    /** Page cache of the file mapped at `hva`, file pages [first, end). null when nothing file-backed is mapped there. */
    readMappedFilePages(hva: bigint, first: number, end: number): PageCacheChunk | null;
    /** The VMM's page table in [start, end), page-aligned. */
    scanPagemap(start: bigint, end: bigint): PagemapChunk;
    /** Copies bytes at `hva` that the caller found present. Returns how many could be read (short at the first fault). */
    readMemory(hva: bigint, into: Uint8Array): number;
    /** Copies from the file mapped at `hva` without touching the VMM's page table; -1 when it cannot be opened. */
    readMappedFile(hva: bigint, into: Uint8Array): number;
    /** Copies up-to-date pages of a guest_memfd through a mapping that ends with the call; -1 when it cannot be mapped. */
    readGuestMemfdBytes(fd: number, offset: bigint, into: Uint8Array): number;

    /** Keeps others from changing this process through the addon until close(); false when another does already. */
    lockChanges(): boolean;
    /**
     * From now on, until close(): where the seccomp filters of every thread forbid an injected call, one thread's filters
     * are suspended for it. Should this process be killed just when that thread passes its filters, a filter that kills ends
     * the VMM.
     */
    permitSeccompSuspension(): void;
    /** How many calls were made so. */
    readonly seccompSuspensions: number;
    /**
     * What would refuse an injection now, without stopping anything; null when nothing was found. `thread` is the one that
     * must execute it, 0 for any. A seccomp filter's word on the call is known only once its thread is stopped.
     */
    checkInjection(vmFd: number, vm: VmIdentity, thread: number): Extract<InjectOutcome, { kind: 'refused' }> | null;
    /**
     * Executes KVM_SET_MEMORY_ATTRIBUTES inside the VMM on one piece of at most 16 MiB. As with the other changes, before
     * each attempt it is checked that the process lives and that `vmFd` still names `vm`. `attributes` is 0 or 8 (private).
     */
    setMemoryAttributes(vmFd: number, vm: VmIdentity, gpa: bigint, size: bigint, attributes: number): InjectOutcome;
    /**
     * Executes KVM_SET_USER_MEMORY_REGION inside the VMM so that a memslot logs dirty pages, or does not; the rest of it
     * stays as it was read (`flags` as in MemslotColumns). A memslot with a guest_memfd cannot be changed: EINVAL.
     */
    setDirtyLogging(
        vmFd: number,
        vm: VmIdentity,
        addressSpace: number,
        id: number,
        flags: number,
        gpa: bigint,
        size: bigint,
        hva: bigint,
        on: boolean,
    ): InjectOutcome;
    /**
     * Executes KVM_PRE_FAULT_MEMORY on a vCPU, in the vCPU's own thread and outside KVM_RUN, on one piece of at most 2 MiB.
     * It may have done only a part when it returns.
     */
    preFault(vmFd: number, vm: VmIdentity, vcpuFd: number, thread: number, gpa: bigint, size: bigint): InjectOutcome;
    /**
     * Allocates the pages of a guest_memfd, or gives them back with what they hold. From here: nothing is stopped. Returns
     * null, the errno's name, or "gone" when the fd no longer names the file with that inode.
     */
    changeAllocation(fd: number, inode: number, allocate: boolean, offset: bigint, size: bigint): string | null;
    /** Whether the kernel takes convertGuestMemfd on this guest_memfd; null when the fd no longer names that inode. */
    takesConversions(fd: number, inode: number): boolean | null;
    /**
     * Executes KVM_SET_MEMORY_ATTRIBUTES2 on a guest_memfd, from here: nothing is stopped. `attributes` is 0 or 8 (private).
     * Null when the fd no longer names the file with that inode.
     */
    convertGuestMemfd(fd: number, inode: number, offset: bigint, size: bigint, attributes: number): GuestMemfdConversion | null;
    /** Writes bytes at `hva`. Returns how many could be written, short at the first page that the process cannot write. */
    writeMemory(hva: bigint, from: Uint8Array): number;
}

/** Columns of page runs, as in src/common/pageRuns.ts. */
export interface PageRunColumns {
    readonly count: number;
    readonly gfns: Float64Array;
    readonly pages: Float64Array;
    readonly memslots: Int32Array;
    readonly states: Uint32Array;
    readonly details: Uint32Array;
}

/**
 * What pages of a map have in common, each row once, `count` rows. In a comparison `beforeStates` and `beforeDetails` are
 * the same before; else they are 0.
 */
export interface KindColumns {
    readonly count: number;
    readonly states: Uint32Array;
    readonly details: Uint32Array;
    readonly beforeStates: Uint32Array;
    readonly beforeDetails: Uint32Array;
    /** Bits: 1 there is a run, 2 it is in a memslot, 4 there was a run, 8 it was in a memslot. */
    readonly presence: Uint8Array;
    readonly pages: Float64Array;
}

/** Runs of an index, in the order that was asked for. The `before…` columns are those of a comparison, else 0. */
export type RunRows = PageRunColumns & Omit<KindColumns, 'pages'>;

/** Counts of pages in neighbouring cells; the entries of cell i are those from offsets[i] to offsets[i + 1]. */
export interface CellCounts {
    readonly offsets: Uint32Array;
    readonly classes: Uint8Array;
    readonly pages: Float64Array;
}

/**
 * The runs of one map, held outside of JavaScript's heap and never changed: what is asked of them costs a binary search
 * and the runs that are looked at, at memory speed. It needs no privilege and knows no bits of the states. Where a
 * promise is returned the work is done beside the event loop, and goes on when the index itself is no longer used.
 *
 * `classOfKind` has the class (0 to 254) of each kind, in the order of `kinds`; 255 = the pages of this kind do not count.
 * `wanted` has 256 bytes, which are not 0 for each class that is asked for. Arguments that do not fit throw EINVAL.
 */
export class PageRunIndex {
    /**
     * Copies the columns. Throws EINVAL when they are not sorted, not disjoint, of wrong lengths, or reach beyond gfn 2^52;
     * E2BIG for more than 65,536 kinds.
     */
    constructor(runs: PageRunColumns);
    /**
     * All that differs or is the same, run by run, from an earlier map to a later one; its runs are cut where either is.
     * Of maps that are comparisons themselves, what exists counts.
     */
    static compare(before: PageRunIndex, after: PageRunIndex): Promise<PageRunIndex>;

    readonly count: number;
    readonly kinds: KindColumns;
    /** Bytes that it takes. */
    readonly bytes: number;

    /** Pages per class in `cells` neighbours of `cellPages` pages from `gfn` on, at most 65,536 of them. */
    countCells(classOfKind: Uint8Array, gfn: number, cellPages: number, cells: number): Promise<CellCounts>;
    /** Index of the run that holds `gfn`, or of the first one after it; `count` when none does. */
    find(gfn: number): number;
    /** Index of the first run of a wanted class from `run` on, `run` included, or back from it; -1 = none. */
    findClass(classOfKind: Uint8Array, wanted: Uint8Array, run: number, forward: boolean): Promise<number>;
    /** At most `most` (up to 2^20) runs from `run` on. */
    slice(run: number, most: number): RunRows;
    /**
     * The runs that a table shows, sorted (0 by address, 1 by pages, 2 by memslot, 3 by class; equal ones by address), from
     * the `first` on, at most `most`; and how many there are in all. Only runs that overlap [gfn, end), of a wanted class
     * and, if that is not null, of that memslot. The last table is kept, so that its next rows need no sorting.
     */
    list(
        classOfKind: Uint8Array,
        wanted: Uint8Array,
        memslot: number | null,
        gfn: number,
        end: number,
        order: number,
        descending: boolean,
        first: number,
        most: number,
    ): Promise<RunRows & { readonly total: number; readonly totalPages: number }>;
    /** Where runs of wanted classes are: [start, end) pairs of gfns, at most `most` pairs; the nearest ones are told as one. */
    extents(classOfKind: Uint8Array, wanted: Uint8Array, most: number): Promise<Float64Array>;
    /** Where a later map differs, as `extents`. Kinds of comparisons and memslots count, too. */
    differences(later: PageRunIndex, most: number): Promise<Float64Array>;
}

/**
 * Events in columns, by time. What each kind tells beside its time; fields that are not named are 0:
 *
 *    1 a call that sets a memslot, or removes it with size 0: start GPA, value flags, detail HVA, number id, and its
 *      guest_memfd, where it has one: inode, inode offset
 *    2 a call that sets attributes of the VM: start GPA, value attributes
 *    3 KVM changes attributes, in this order: the same
 *    4 a guest_memfd is made: value flags, result its fd, inode
 *    5 fallocate on a guest_memfd that allocates: start offset, inode
 *    6 pages of a guest_memfd come: start offset, inode
 *    7 they go: the same
 *    8 the guest faults into KVM: start GPA, value error code, number vCPU
 *    9 KVM maps memory for the guest: start GPA, size of the mapping
 *   10 KVM_RUN ends with MEMORY_FAULT: start GPA, value flags, number vCPU
 *   11 the host takes memory of the VMM back, and KVM unmaps it: start HVA
 *   12 the guest asks for a conversion (KVM_HC_MAP_GPA_RANGE): start GPA, value attributes
 *   13 fallocate on a guest_memfd that punches: start offset, inode
 *   14 a call that sets attributes of a guest_memfd: start offset, inode, value attributes, detail error_offset
 *   15 the guest faults into KVM, which shadows page tables of a guest: start an address that they translate, which is no
 *      GPA, size what it is of (enum shadow_address in recorder.bpf.h), value error code, number vCPU
 */
export interface EventColumns {
    readonly count: number;
    /** Whole microseconds since 1970. Of a call: when it returned. */
    readonly times: Float64Array;
    readonly kinds: Uint8Array;
    /** 0 = none that can be seen from here. */
    readonly threads: Uint32Array;
    /** Of a vCPU or a memslot; -1 = none. */
    readonly numbers: Int16Array;
    readonly addressSpaces: Uint16Array;
    readonly starts: BigUint64Array;
    /** In bytes. */
    readonly sizes: BigUint64Array;
    readonly values: BigUint64Array;
    readonly details: BigUint64Array;
    /** Of a guest_memfd; 0 = none. */
    readonly inodes: Float64Array;
    readonly inodeOffsets: BigUint64Array;
    /** Of a call, in nanoseconds. */
    readonly durations: Uint32Array;
    /** Of a call: 0 or more, or a negative errno. */
    readonly results: Int32Array;
}

/** Groups of events, each of which a kernel may lack. */
export type EventRecorder = 'record_attributes' | 'record_calls' | 'record_faults' | 'record_guest_memfd_pages';

/**
 * Records what happens to a VM's memory, until it is closed. While it is open, every system call on the host takes some
 * tenths of a microsecond longer. What is not drained in time finds no room and is counted as lost.
 */
export class EventRecording {
    /** Throws ESRCH when there is no VM, ESTALE when it is another one, else the first failure when nothing can be recorded. */
    constructor(pid: number, vmFd: number, vm: VmIdentity);
    readonly missing: readonly { readonly recorder: EventRecorder; readonly error: NativeError }[];
    /** Events that found no room; recorders that are missing are not named. */
    readonly losses: Readonly<Partial<Record<EventRecorder, number>>>;
    /** False once the VMM has exited. */
    readonly alive: boolean;
    /** Microseconds since 1970 by the clock of the events, which does not jump when the host's calendar is set. */
    readonly now: number;
    /** All events up to this microsecond, with it, were given. */
    readonly completeUntil: number;
    /** At most `most` (up to 1,048,576) events, by time; each is given once no earlier one can come any more. */
    drain(most: number): EventColumns;
    /** As `drain`, into a log; returns how many. */
    drainInto(log: EventLog, most: number): number;
    close(): void;
}

/**
 * Events that are kept, outside of JavaScript's heap; when they take more than `mostBytes`, the oldest are given up, some
 * tens of thousands at a time. What is asked is answered beside the event loop, of what there was when it was asked.
 *
 * Of a filter all holds: `kinds` has a bit for each kind (1 << kind), `failed` are calls that failed only, times are in
 * [from, to), and unless `places` is null the event overlaps one of them. Each place is four numbers: 1 for guest physical
 * addresses, 2 for HVAs, 3 for a guest_memfd; the inode of that, else 0; start and end.
 */
export class EventLog {
    constructor(mostBytes: number);
    readonly count: number;
    readonly givenUp: number;
    /** Time of the oldest event that is held; null without any. */
    readonly oldest: number | null;
    /** How many of each kind (the index) there ever were. */
    readonly counts: Float64Array;
    readonly bytes: number;
    /** Events that come after those which are there. */
    append(events: EventColumns): void;
    /** From the event with that number among all that there ever were, or the oldest that is held; at most `most` (up to 2^20). */
    read(from: number, most: number): EventColumns;
    /**
     * Events that pass, oldest first, from the `first` of them on (negative: from the end back), at most `most` (up to 2^20).
     * `givenUp`: how many of those that pass were given up since the filter was asked for first; always 0 for filters with
     * times, and from 0 again when the filter is forgotten, since only the last ones are remembered.
     */
    list(
        kinds: number,
        failed: boolean,
        from: number,
        to: number,
        places: BigUint64Array | null,
        first: number,
        most: number,
    ): Promise<EventColumns & { readonly first: number; readonly total: number; readonly givenUp: number }>;
    /** Events that pass, in up to 65,536 equal parts of [begin, end): a row of `buckets` counts for each kind, from 1 on. */
    countEvents(
        kinds: number,
        failed: boolean,
        from: number,
        to: number,
        places: BigUint64Array | null,
        begin: number,
        end: number,
        buckets: number,
    ): Promise<Uint32Array>;
}
