// SPDX-License-Identifier: Dual MIT/GPL
/*
 * Which pages of a memslot KVM has logged as dirty. Unlike KVM_GET_DIRTY_LOG, looking at the bitmap leaves it as it is.
 */
#include "kernel_types.h"
#include "dirty_pages.bpf.h"
#include "kvm_file.h"
#include "load_word.h"
#include "memslot_set.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct dirty_pages_state state;

#include "put_runs.h"

#define WORD_BITS 64
#define ALL_DIRTY (~0ull)

/* A red-black tree of 32,767 memslots is at most twice as deep as a full one. */
#define TREE_DEPTH_MAX 32

/* Steps of one walk: 16,384 words are 1 Mi pages. A caller goes on from there. */
#define STEPS_MAX 16384

static long visit_bit(__u32 iteration, void *unused)
{
    __u64 index = state.walk.index;
    if (index >= state.walk.end)
        return 1;
    if (!put_value(index, state.word >> ((index - state.slot_gfn) % WORD_BITS) & 1))
        return 1;
    state.walk.index = index + 1;
    return 0;
}

static long visit_word(__u32 iteration, void *unused)
{
    __u64 index = state.walk.index;
    __u64 bit = index - state.slot_gfn;
    if (index >= state.walk.end)
        return 1;
    state.word = load_word(state.bitmap + bit / WORD_BITS * sizeof(state.word));
    if (!state.word || state.word == ALL_DIRTY)
        return visit_span(index + WORD_BITS - bit % WORD_BITS, state.word & 1);
    bpf_loop(WORD_BITS - bit % WORD_BITS, visit_bit, 0, 0);
    return state.walk.full != 0;
}

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
        state.bitmap = (__u64)BPF_CORE_READ(slot, dirty_bitmap);
        return 1;
    }
    return 0;
}

static __always_inline void read_dirty_pages(struct kvm *kvm)
{
    begin_runs();
    state.has_bitmap = 0;
    state.consistent = 1;
    if (state.address_space >= ADDRESS_SPACES)
        return;
    struct kvm_memslots *set = active_set(kvm, state.address_space);
    __u64 generation = BPF_CORE_READ(set, generation);
    state.bitmap = 0;
    state.node_index = BPF_CORE_READ(set, node_idx);
    state.node = (__u64)BPF_CORE_READ(set, gfn_tree.rb_node);
    bpf_loop(TREE_DEPTH_MAX, visit_memslot, 0, 0);
    if (state.bitmap) {
        state.has_bitmap = 1;
        if (state.walk.end > state.slot_end)
            state.walk.end = state.slot_end;
        bpf_loop(STEPS_MAX, visit_word, 0, 0);
        close_run(state.walk.index);
    }
    /* Memslots are protected by SRCU, which a BPF program cannot take: the set may have been replaced meanwhile. */
    state.consistent = active_set(kvm, state.address_space) == set && BPF_CORE_READ(set, generation) == generation;
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct kvm *kvm = wanted_vm(context, state.wanted_fd);
    if (!kvm)
        return 0;
    state.found = 1;
    read_dirty_pages(kvm);
    return 0;
}
