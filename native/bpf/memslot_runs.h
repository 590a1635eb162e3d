/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * Walks the records that KVM keeps for one memslot. The including program first defines its `state`, a struct
 * memslot_runs_state. Memslots are protected by SRCU, which a BPF program cannot take: what was read counts only if the
 * set of memslots is the same afterwards.
 */
#pragma once

#include "kernel_types.h"
#include "memslot_runs.bpf.h"
#include "memslot_set.h"
#include "put_runs.h"

/* A red-black tree of 32,767 memslots is at most twice as deep as a full one. */
#define TREE_DEPTH_MAX 32

/* Goes down the tree of memslots to the one that holds the walk's first frame. */
static long visit_memslot(__u32 iteration, void *unused)
{
    if (!state.node)
        return 1;
    struct rb_node *node = (void *)state.node;
    struct kvm_memory_slot *slot = (void *)node - bpf_core_field_offset(struct kvm_memory_slot, gfn_node) -
                                   (state.node_index & 1) * bpf_core_type_size(struct rb_node);
    state.slot_gfn = BPF_CORE_READ(slot, base_gfn);
    state.slot_end = state.slot_gfn + BPF_CORE_READ(slot, npages);
    if (state.walk.index < state.slot_gfn) {
        state.node = (__u64)BPF_CORE_READ(node, rb_left);
    } else if (state.walk.index >= state.slot_end) {
        state.node = (__u64)BPF_CORE_READ(node, rb_right);
    } else {
        state.slot = (__u64)slot;
        return 1;
    }
    return 0;
}

static __always_inline struct kvm_memory_slot *find_memslot(struct kvm_memslots *set)
{
    state.slot = 0;
    state.node_index = BPF_CORE_READ(set, node_idx);
    state.node = (__u64)BPF_CORE_READ(set, gfn_tree.rb_node);
    bpf_loop(TREE_DEPTH_MAX, visit_memslot, 0, 0);
    return (void *)state.slot;
}

/* `find_records` looks in the memslot and returns whether it has any; `visit` walks them as a bpf_loop callback. */
static __always_inline void read_memslot_runs(struct kvm *kvm, bool (*find_records)(struct kvm_memory_slot *slot),
                                              long (*visit)(__u32 iteration, void *unused), __u32 steps_max)
{
    begin_runs();
    state.has_records = 0;
    state.consistent = 1;
    if (state.address_space >= ADDRESS_SPACES)
        return;
    struct kvm_memslots *set = active_set(kvm, state.address_space);
    __u64 generation = BPF_CORE_READ(set, generation);
    struct kvm_memory_slot *slot = find_memslot(set);
    if (slot && find_records(slot)) {
        state.has_records = 1;
        if (state.walk.end > state.slot_end)
            state.walk.end = state.slot_end;
        bpf_loop(steps_max, visit, 0, 0);
        close_run(state.walk.index);
    }
    state.consistent = active_set(kvm, state.address_space) == set && BPF_CORE_READ(set, generation) == generation;
}
