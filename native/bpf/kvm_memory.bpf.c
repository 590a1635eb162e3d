// SPDX-License-Identifier: Dual MIT/GPL
/* What KVM itself keeps for a VM: how many nodes its attribute store has, how many shadow pages there are, what metadata. */
#include "kernel_types.h"
#include "kvm_file.h"
#include "kvm_memory.bpf.h"
#include "memslot_set.h"
#include "xarray_node.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, KVM_MEMORY_RECORDS);
    __type(key, __u32);
    __type(value, struct kvm_memory_record);
} records SEC(".maps");

struct kvm_memory_state state;

/* Nodes above the leaves that are looked at: each has 4,096 pages, so that these are 1 TiB, some ten milliseconds. */
#define STEPS_MAX 65536

static __always_inline bool begins(__u64 index, __u32 shift)
{
    return shift >= 64 || !(index & ((1ull << shift) - 1));
}

/*
 * One step per node above the leaves, or per gap. A node is counted when the walk comes through it at its first index.
 * KVM stores frame by frame, so all that hangs on a node of the last but one level are leaves.
 */
static long visit_node(__u32 iteration, void *unused)
{
    __u64 entry = state.root;
    if (state.index >= state.end)
        return 1;
    if (!is_node(entry)) {
        state.index = state.end;
        return 0;
    }
    __u32 shift = node_shift(entry);
    if (!shift) { /* The root is a leaf. */
        state.nodes++;
        state.index = state.end;
        return 0;
    }
    if (shift + XARRAY_CHUNK_BITS < 64 && state.index >> (shift + XARRAY_CHUNK_BITS)) {
        state.index = state.end;
        return 0;
    }
    if (!state.index)
        state.nodes++;
    for (int level = 1; shift > XARRAY_CHUNK_BITS && level < XARRAY_LEVELS_MAX; level++) {
        __u64 next = ((state.index >> shift) + 1) << shift;
        entry = node_slot(entry, (state.index >> shift) % XARRAY_CHUNK_SIZE);
        __u32 child_shift = is_node(entry) ? node_shift(entry) : shift;
        if (child_shift >= shift) { /* Nothing, or a node that was freed and is something else by now. */
            state.index = next;
            return 0;
        }
        if (begins(state.index, shift))
            state.nodes++;
        shift = child_shift;
    }
    struct xa_node *node = (void *)(entry - 2);
    state.nodes += BPF_CORE_READ(node, count);
    state.index = ((state.index >> (shift + XARRAY_CHUNK_BITS)) + 1) << (shift + XARRAY_CHUNK_BITS);
    return 0;
}

static __always_inline void count_attribute_nodes(struct kvm *kvm, struct kvm_memory_record *record)
{
    record->attribute_node_size = bpf_core_type_size(struct xa_node);
    record->attribute_nodes = 0;
    record->has_attribute_nodes = 1;
    if (!bpf_core_field_exists(kvm->mem_attr_array))
        return;
    state.root = (__u64)BPF_CORE_READ(kvm, mem_attr_array.xa_head);
    state.index = 0;
    state.end = 1ull << 52;
    state.nodes = 0;
    bpf_loop(STEPS_MAX, visit_node, 0, 0);
    record->attribute_nodes = state.nodes;
    record->has_attribute_nodes = state.index >= state.end;
}

/* KVM keeps the same of every memslot of a VM, so any will do: that at the root of the tree by frame number. */
static __always_inline void look_at_metadata(struct kvm *kvm, struct kvm_memory_record *record)
{
    struct kvm_memslots *set = active_set(kvm, 0);
    struct kvm_memory_slot *slot = 0;
    __u64 node = (__u64)BPF_CORE_READ(set, gfn_tree.rb_node);
    record->has_metadata = 0;
    if (!node || !bpf_core_field_exists(slot->arch.lpage_info) || !bpf_core_field_exists(slot->arch.rmap))
        return;
    slot = (void *)node - bpf_core_field_offset(struct kvm_memory_slot, gfn_node) -
           (BPF_CORE_READ(set, node_idx) & 1) * bpf_core_type_size(struct rb_node);
    record->has_reverse_map = BPF_CORE_READ(slot, arch.rmap[0]) != 0;
    record->tracks_writes = 0;
    if (bpf_core_field_exists(slot->arch.gfn_write_track)) {
        record->tracks_writes = BPF_CORE_READ(slot, arch.gfn_write_track) != 0;
    } else { /* Up to Linux 6.5 an array with one entry. */
        struct kvm_memory_slot___track *old = (void *)slot;
        if (bpf_core_field_exists(old->arch.gfn_track))
            record->tracks_writes = BPF_CORE_READ(old, arch.gfn_track[0]) != 0;
    }
    record->has_metadata = 1;
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct kvm *kvm = wanted_vm(context, state.wanted_fd);
    __u32 first = 0;
    struct kvm_memory_record *record = bpf_map_lookup_elem(&records, &first);
    if (!kvm || !record)
        return 0;
    state.found = 1;
    count_attribute_nodes(kvm, record);
    record->has_shadow_pages = bpf_core_field_exists(kvm->arch.n_used_mmu_pages);
    record->shadow_pages = record->has_shadow_pages ? BPF_CORE_READ(kvm, arch.n_used_mmu_pages) : 0;
    look_at_metadata(kvm, record);
    return 0;
}
