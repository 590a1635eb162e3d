// SPDX-License-Identifier: Dual MIT/GPL
/*
 * What KVM counts against large pages in a memslot (kvm_memory_slot.arch.lpage_info): a number for each region of 2 MiB
 * and each of 1 GiB that the memslot touches, 0 where nothing forbids a page of that size.
 */
#include "kernel_types.h"
#include "large_page_obstacles.bpf.h"
#include "memslot_runs.bpf.h"
#include "kvm_file.h"
#include "load_word.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct memslot_runs_state state;

#include "memslot_runs.h"

#define SHIFT_2M 9 /* From guest frame numbers. */
#define SHIFT_1G 18

/* KVM_LPAGE_MIXED_FLAG, since Linux 6.8: the region is private in one part and shared in another. */
#define MIXED_FLAG (1u << 31)

/* Steps of one walk: 65,536 regions are 128 GiB, some milliseconds. A caller goes on from there. */
#define STEPS_MAX 65536

static __always_inline __u64 obstacles(__u64 counts, __u64 index, __u32 shift)
{
    __u64 address = counts + ((index >> shift) - (state.slot_gfn >> shift)) * sizeof(__u32);
    /* Two counts share a word. A word that begins with the last of them could reach beyond the array's page. */
    __u32 count = load_word(address & ~7ull) >> (address & 4) * 8;
    return (count & MIXED_FLAG ? OBSTACLE_MIXED : 0) | (count & ~MIXED_FLAG ? OBSTACLE_COUNT : 0);
}

static long visit_region(__u32 iteration, void *unused)
{
    __u64 index = state.walk.index;
    if (index >= state.walk.end)
        return 1;
    __u64 value = obstacles(state.records[0], index, SHIFT_2M) |
                  obstacles(state.records[1], index, SHIFT_1G) << OBSTACLE_BITS;
    return visit_span(((index >> SHIFT_2M) + 1) << SHIFT_2M, value);
}

static __always_inline bool find_counts(struct kvm_memory_slot *slot)
{
    if (!bpf_core_field_exists(slot->arch.lpage_info))
        return false;
    state.records[0] = (__u64)BPF_CORE_READ(slot, arch.lpage_info[0]);
    state.records[1] = (__u64)BPF_CORE_READ(slot, arch.lpage_info[1]);
    return state.records[0] && state.records[1];
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct kvm *kvm = wanted_vm(context, state.wanted_fd);
    if (!kvm)
        return 0;
    state.found = 1;
    read_memslot_runs(kvm, find_counts, visit_region, STEPS_MAX);
    return 0;
}
