// SPDX-License-Identifier: Dual MIT/GPL
/*
 * The peer of the product's walks: goes to the same nodes, folios and tables and only copies them, without looking at
 * what they say. Faster than that, nothing can be told of them in BPF.
 */
#include "kernel_types.h"
#include "kvm_file.h"
#include "plain_copy.h"
#include "xarray_node.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, COPIES);
    __type(key, __u32);
    __type(value, struct copy);
} records SEC(".maps");

struct plain_copy_state state;

extern const void page_offset_base __ksym __weak;

#define TABLE_BITS 9
#define TABLE_LEVELS_MAX 5
#define SPTE_LARGE (1ull << 7)
#define SPTE_PRESENT (1ull << 11)
#define SPTE_ADDRESS (((1ull << 52) - 1) & ~4095ull)

static __always_inline struct copy *next_copy(void)
{
    __u32 key = state.count++ % COPIES;
    return bpf_map_lookup_elem(&records, &key);
}

static long copy_folio(__u32 offset, void *unused)
{
    struct copy *copy = next_copy();
    __u64 folio = node_slot(state.leaf, offset % XARRAY_CHUNK_SIZE);
    if (copy && folio)
        bpf_probe_read_kernel(copy, 64, (void *)folio);
    return 0;
}

static long copy_leaf(__u32 iteration, void *unused)
{
    __u64 entry = state.root, shift = 0;
    if (state.index >= state.end)
        return 1;
    for (int level = 0; level < XARRAY_LEVELS_MAX; level++) {
        if (!is_node(entry))
            break;
        shift = node_shift(entry);
        if (!shift)
            break;
        entry = node_slot(entry, (state.index >> shift) % XARRAY_CHUNK_SIZE);
    }
    if (!is_node(entry)) {
        state.index = ((state.index >> shift) + 1) << shift;
        return 0;
    }
    struct copy *copy = next_copy();
    if (copy)
        bpf_probe_read_kernel(copy, bpf_core_type_size(struct xa_node) & 1023, (void *)(entry - 2));
    state.leaf = entry;
    if (state.what == COPY_PAGES)
        bpf_loop(XARRAY_CHUNK_SIZE, copy_folio, 0, 0);
    state.index += XARRAY_CHUNK_SIZE;
    return 0;
}

static long copy_table(__u32 iteration, void *unused)
{
    __u64 table = state.root, direct_map = 0;
    __u32 level = state.level;
    if (state.index >= state.end)
        return 1;
    bpf_probe_read_kernel(&direct_map, sizeof(direct_map), &page_offset_base);
    for (int depth = 1; depth < TABLE_LEVELS_MAX; depth++) {
        if (level <= 1)
            break;
        __u32 shift = (level - 1) * TABLE_BITS;
        __u64 entry = load_word(table + (state.index >> shift) % 512 * sizeof(entry));
        if (!(entry & SPTE_PRESENT) || entry & SPTE_LARGE) {
            state.index = ((state.index >> shift) + 1) << shift;
            return 0;
        }
        table = direct_map + (entry & SPTE_ADDRESS);
        level--;
    }
    struct copy *copy = next_copy();
    if (copy)
        bpf_probe_read_kernel(copy, sizeof(*copy), (void *)table);
    state.index += 512;
    return 0;
}

static long visit_root(__u32 iteration, void *unused)
{
    struct kvm_mmu_page *root = (void *)state.leaf - bpf_core_field_offset(struct kvm_mmu_page, link);
    state.root = (__u64)BPF_CORE_READ(root, spt);
    state.level = BPF_CORE_READ_BITFIELD_PROBED(root, role.level);
    state.leaf = (__u64)BPF_CORE_READ(root, link.next);
    /* The first root of the first address space. */
    return !BPF_CORE_READ_BITFIELD_PROBED(root, role.smm) && !BPF_CORE_READ_BITFIELD_PROBED(root, role.invalid);
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct kvm *kvm = wanted_vm(context, state.wanted_fd);
    if (!kvm)
        return 0;
    if (state.what == COPY_GUEST_MAPPING) {
        state.leaf = (__u64)BPF_CORE_READ(kvm, arch.tdp_mmu_roots.next);
        bpf_loop(4, visit_root, 0, 0);
        bpf_loop(TABLES_MAX, copy_table, 0, 0);
        return 0;
    }
    struct file *file = context->file;
    if (!file)
        return 0;
    if (state.what == COPY_PAGES)
        state.root = (__u64)BPF_CORE_READ(file, f_inode, i_mapping, i_pages.xa_head);
    else if (bpf_core_field_exists(kvm->mem_attr_array))
        state.root = (__u64)BPF_CORE_READ(kvm, mem_attr_array.xa_head);
    bpf_loop(LEAVES_MAX, copy_leaf, 0, 0);
    return 0;
}
