// SPDX-License-Identifier: Dual MIT/GPL
/*
 * Which pages of a memslot KVM has logged as dirty. Unlike KVM_GET_DIRTY_LOG, looking at the bitmap leaves it as it is.
 */
#include "kernel_types.h"
#include "memslot_runs.bpf.h"
#include "kvm_file.h"
#include "load_word.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct memslot_runs_state state;

#include "memslot_runs.h"

#define WORD_BITS 64
#define ALL_DIRTY (~0ull)

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
    state.word = load_word(state.records[0] + bit / WORD_BITS * sizeof(state.word));
    if (!state.word || state.word == ALL_DIRTY)
        return visit_span(index + WORD_BITS - bit % WORD_BITS, state.word & 1);
    bpf_loop(WORD_BITS - bit % WORD_BITS, visit_bit, 0, 0);
    return state.walk.full != 0;
}

static __always_inline bool find_bitmap(struct kvm_memory_slot *slot)
{
    state.records[0] = (__u64)BPF_CORE_READ(slot, dirty_bitmap);
    return state.records[0];
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct kvm *kvm = wanted_vm(context, state.wanted_fd);
    if (!kvm)
        return 0;
    state.found = 1;
    read_memslot_runs(kvm, find_bitmap, visit_word, STEPS_MAX);
    return 0;
}
