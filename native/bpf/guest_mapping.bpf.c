// SPDX-License-Identifier: Dual MIT/GPL
/*
 * How KVM maps a VM's memory for its guest (EPT, NPT), where the TDP MMU does it: its tables are indexed by guest frame
 * number, one tree for each address space. The shadow MMU's tables are not, and nothing is told of them.
 *
 * The tables may change during the walk; RCU, which an iterator that does not sleep holds, keeps those that were
 * unlinked. So every run was so when it was read.
 */
#include "kernel_types.h"
#include "guest_mapping.bpf.h"
#include "kvm_file.h"
#include "load_word.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct guest_mapping_state state;

#include "put_runs.h"
#include "word_block.h"

/* Variables of the kernel and of KVM. Absent, with address 0, where kallsyms has only functions. */
extern const void page_offset_base __ksym __weak;
extern const void shadow_me_mask __ksym __weak;
extern const void tdp_mmu_enabled __ksym __weak;

#define TABLE_BITS 9
#define TABLE_ENTRIES 512
#define LEVELS_MAX 5
#define LARGEST_PAGE_LEVEL 3
#define ROOTS_MAX 64
#define VCPU_XARRAY_LEVELS_MAX 4

/* Bits of a shadow page table entry, the same for EPT and NPT; the present bit is the software's. */
#define SPTE_WRITABLE (1ull << 1)
#define SPTE_LARGE (1ull << 7)
#define SPTE_PRESENT (1ull << 11)
#define SPTE_ADDRESS (((1ull << 52) - 1) & ~4095ull)

/* KVM's own mark for entries in which the processor notes neither accesses nor writes (SPTE_TDP_AD_DISABLED). */
#define SPTE_NOTES (3ull << 52)
#define SPTE_NOTES_NOTHING (1ull << 52)

#define EPT_EXECUTABLE (1ull << 2)
#define EPT_ACCESSED (1ull << 8)
#define EPT_DIRTY (1ull << 9)

#define NPT_ACCESSED (1ull << 5)
#define NPT_DIRTY (1ull << 6)
#define NPT_NOT_EXECUTABLE (1ull << 63)

#define INVALID_PAGE (~0ull)
#define DIRECT_MAP_ALIGNMENT (1ull << 30)

/* Steps of one walk: 2,048 tables of 4 KiB pages are 1 Mi pages, some milliseconds. A caller goes on from there. */
#define STEPS_MAX 2048

static __always_inline __u64 noted(bool yes, __u32 shift)
{
    return (yes ? GUEST_MAPPING_YES : GUEST_MAPPING_NO) << shift;
}

static __always_inline __u64 value_of_entry(__u64 entry, __u32 level)
{
    if (!(entry & SPTE_PRESENT))
        return 0;
    __u64 value = level | (entry & SPTE_WRITABLE ? GUEST_MAPPING_WRITABLE : 0);
    if (state.is_ept ? entry & EPT_EXECUTABLE : !(entry & NPT_NOT_EXECUTABLE))
        value |= GUEST_MAPPING_EXECUTABLE;
    if (!state.with_accessed || (entry & SPTE_NOTES) == SPTE_NOTES_NOTHING)
        return value;
    return value | noted(entry & (state.is_ept ? EPT_ACCESSED : NPT_ACCESSED), GUEST_MAPPING_ACCESSED_SHIFT) |
           noted(entry & (state.is_ept ? EPT_DIRTY : NPT_DIRTY), GUEST_MAPPING_DIRTY_SHIFT);
}

/* What value_of_entry looks at; entries that are alike in it have one value. */
static __always_inline __u64 bits_of_value(void)
{
    __u64 bits = SPTE_PRESENT | SPTE_WRITABLE | EPT_EXECUTABLE | NPT_NOT_EXECUTABLE | SPTE_NOTES;
    return state.with_accessed ? bits | EPT_ACCESSED | EPT_DIRTY | NPT_ACCESSED | NPT_DIRTY : bits;
}

static __always_inline long give_up(__u32 problem)
{
    state.problem = problem;
    return 1;
}

static long visit_page(__u32 iteration, void *unused)
{
    __u64 index = state.walk.index;
    if (index >= state.walk.end)
        return 1;
    if (!put_value(index, value_of_entry(block_word(index), 1)))
        return 1;
    state.walk.index = index + 1;
    return 0;
}

/* One step per block of a table of 4 KiB pages. */
static long visit_block(__u32 iteration, void *unused)
{
    __u64 index = state.walk.index;
    __u64 offset = index % BLOCK_WORDS;
    if (index >= state.walk.end)
        return 1;
    if (!read_block(state.walk.leaf + (index - offset) % TABLE_ENTRIES * sizeof(__u64)))
        return give_up(GUEST_MAPPING_UNREADABLE);
    if (!offset && block_is_alike(bits_of_value()))
        return visit_span(index + BLOCK_WORDS, value_of_entry(block_word(0), 1));
    bpf_loop(BLOCK_WORDS - offset, visit_page, 0, 0);
    return state.walk.full != 0;
}

static __always_inline bool begins_table(__u64 index, __u32 level)
{
    return !(index & ((1ull << level * TABLE_BITS) - 1));
}

/* A step that found no room for its first run came to nothing: it is made again by the next walk. */
static __always_inline void count_tables(void)
{
    if (state.walk.index > state.step)
        state.tables += state.met;
    state.met = 0;
    state.step = state.walk.index;
}

/* One step per table of 4 KiB pages, or per span of one entry above them; each goes down from the root again. */
static long visit_table(__u32 iteration, void *unused)
{
    __u64 index = state.walk.index;
    __u64 table = state.walk.root;
    __u32 level = state.root_level;
    __u64 entry = 0;

    count_tables();
    if (index >= state.walk.end)
        return 1;
    if (level > LEVELS_MAX)
        return give_up(GUEST_MAPPING_UNREADABLE);
    if (index >> (level * TABLE_BITS))
        return visit_span(state.walk.end, 0);
    state.met = begins_table(index, level);
    for (int depth = 1; level > 1 && depth < LEVELS_MAX; depth++, level--) {
        __u32 shift = (level - 1) * TABLE_BITS;
        __u64 next = ((index >> shift) + 1) << shift;
        __u64 address = table + (index >> shift) % TABLE_ENTRIES * sizeof(entry);
        if (bpf_probe_read_kernel(&entry, sizeof(entry), (void *)address))
            return give_up(GUEST_MAPPING_UNREADABLE);
        if (!(entry & SPTE_PRESENT))
            return visit_span(next, 0);
        if (entry & SPTE_LARGE) {
            if (level > LARGEST_PAGE_LEVEL)
                return give_up(GUEST_MAPPING_UNREADABLE);
            return visit_span(next, value_of_entry(entry, level));
        }
        /* Of an entry that points to a table, AMD's processors have noted an access; with Intel's that bit is zero. */
        state.is_ept = !(entry & NPT_ACCESSED);
        table = state.direct_map + (entry & state.address_mask);
        state.met += begins_table(index, level - 1);
    }
    if (level != 1)
        return give_up(GUEST_MAPPING_UNREADABLE);
    state.walk.leaf = table;
    bpf_loop((TABLE_ENTRIES - index % TABLE_ENTRIES + BLOCK_WORDS - 1) / BLOCK_WORDS, visit_block, 0, 0);
    return state.walk.full || state.problem != GUEST_MAPPING_TOLD;
}

static __always_inline bool is_own_root(struct kvm_mmu_page *root)
{
    if (bpf_core_field_exists(root->role.is_mirror) && BPF_CORE_READ_BITFIELD_PROBED(root, role.is_mirror))
        return false;
    /* A root in guest mode is used while a nested guest runs without tables of its own. */
    return !BPF_CORE_READ_BITFIELD_PROBED(root, role.invalid) &&
           !BPF_CORE_READ_BITFIELD_PROBED(root, role.guest_mode) &&
           BPF_CORE_READ_BITFIELD_PROBED(root, role.smm) == state.address_space;
}

static long visit_root(__u32 iteration, void *unused)
{
    if (!state.next_root || state.next_root == state.roots_end)
        return 1;
    struct kvm_mmu_page *root = (void *)state.next_root - bpf_core_field_offset(struct kvm_mmu_page, link);
    state.next_root = (__u64)BPF_CORE_READ(root, link.next);
    state.roots++;
    if (!is_own_root(root))
        return 0;
    state.own_roots++;
    state.walk.root = (__u64)BPF_CORE_READ(root, spt);
    state.root_level = BPF_CORE_READ_BITFIELD_PROBED(root, role.level);
    return 0;
}

static __always_inline void find_root(struct kvm *kvm)
{
    state.roots_end = (__u64)kvm + bpf_core_field_offset(struct kvm, arch.tdp_mmu_roots);
    state.next_root = (__u64)BPF_CORE_READ(kvm, arch.tdp_mmu_roots.next);
    state.roots = 0;
    state.own_roots = 0;
    bpf_loop(ROOTS_MAX, visit_root, 0, 0);
}

/* The physical address of the root that the first vCPU uses outside nested guests. */
static __always_inline __u64 vcpu_root(struct kvm *kvm)
{
    __u64 entry = (__u64)BPF_CORE_READ(kvm, vcpu_array.xa_head);
    for (int level = 0; level < VCPU_XARRAY_LEVELS_MAX; level++) {
        if ((entry & 3) != 2)
            break;
        entry = load_word(entry - 2 + bpf_core_field_offset(struct xa_node, slots));
    }
    if (!entry || entry & 3)
        return INVALID_PAGE;
    struct kvm_vcpu *vcpu = (void *)entry;
    return BPF_CORE_READ(vcpu, arch.root_mmu.root.hpa);
}

/* False without a root that both the list and the first vCPU know, where the kernel does not tell it either. */
static __always_inline bool find_direct_map(struct kvm *kvm)
{
    state.direct_map = 0;
    if (&page_offset_base)
        bpf_probe_read_kernel(&state.direct_map, sizeof(state.direct_map), &page_offset_base);
    if (state.direct_map)
        return true;
    __u64 root = vcpu_root(kvm);
    if (root == INVALID_PAGE)
        return false;
    /* Randomized in steps of 1 GiB: a difference of two roots is such a step only if they are the same. */
    state.direct_map = state.walk.root - root;
    return !(state.direct_map % DIRECT_MAP_ALIGNMENT);
}

static __always_inline void find_address_mask(void)
{
    __u64 encryption = 0; /* AMD's memory encryption marks entries with one of the upper address bits. */
    if (&shadow_me_mask)
        bpf_probe_read_kernel(&encryption, sizeof(encryption), &shadow_me_mask);
    state.address_mask = SPTE_ADDRESS & ~encryption;
}

enum use { USED, NOT_USED, USE_UNKNOWN };

static __always_inline enum use tdp_mmu_use(struct kvm *kvm)
{
    bool enabled = false;
    if (bpf_core_field_exists(kvm->arch.tdp_mmu_enabled))
        return BPF_CORE_READ(kvm, arch.tdp_mmu_enabled) ? USED : NOT_USED;
    if (&tdp_mmu_enabled && !bpf_probe_read_kernel(&enabled, sizeof(enabled), &tdp_mmu_enabled))
        return enabled ? USED : NOT_USED;
    if (state.roots)
        return USED;
    return vcpu_root(kvm) == INVALID_PAGE ? USE_UNKNOWN : NOT_USED;
}

static __always_inline void read_guest_mapping(struct kvm *kvm)
{
    begin_runs();
    state.problem = GUEST_MAPPING_SHADOW;
    if (!bpf_core_field_exists(kvm->arch.tdp_mmu_roots))
        return;
    if (bpf_core_field_exists(kvm->arch.gfn_direct_bits) && BPF_CORE_READ(kvm, arch.gfn_direct_bits)) {
        state.problem = GUEST_MAPPING_SPLIT;
        return;
    }
    find_root(kvm);
    enum use use = tdp_mmu_use(kvm);
    if (use == NOT_USED)
        return;
    if (use == USE_UNKNOWN) {
        state.problem = GUEST_MAPPING_NO_ROOT;
        return;
    }
    if (state.own_roots > 1) {
        state.problem = GUEST_MAPPING_SEVERAL;
        return;
    }
    state.problem = GUEST_MAPPING_TOLD;
    if (!state.own_roots) { /* No vCPU ran in this address space yet, or all was unmapped: KVM then drops the root. */
        state.walk.index = state.walk.end;
        return;
    }
    if (!find_direct_map(kvm)) {
        state.problem = GUEST_MAPPING_NO_DIRECT_MAP;
        return;
    }
    find_address_mask();
    state.step = state.walk.index;
    bpf_loop(STEPS_MAX, visit_table, 0, 0);
    count_tables();
    close_run(state.walk.index);
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct kvm *kvm = wanted_vm(context, state.wanted_fd);
    if (!kvm)
        return 0;
    state.found = 1;
    read_guest_mapping(kvm);
    return 0;
}
