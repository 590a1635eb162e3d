// SPDX-License-Identifier: Dual MIT/GPL
/*
 * Counters that tell whether a VM's memory may have changed since they were read before, in a few microseconds. Which
 * change moves which of them is told at each; ARCHITECTURE.md has the argument that together they leave nothing out.
 */
#include "kernel_types.h"
#include "kvm_file.h"
#include "memslot_set.h"
#include "stamps.bpf.h"
#include "xarray_node.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, STAMP_RECORDS);
    __type(key, __u32);
    __type(value, struct stamp_record);
} records SEC(".maps");

/* Tells how far from a per-processor variable's address each processor's own value lies: the same for all of them. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} processors SEC(".maps");

struct stamps_state state;

#define ADDRESS_SPACES_MAX 2
#define RESIDENT_KINDS_MAX 4
#define PROCESSORS_MAX 8192
#define THREADS_MAX 32768
#define VCPUS_MAX 4096
#define VCPU_XARRAY_LEVELS_MAX 4

static __always_inline void put_stamp(__u32 stamp, __u64 counter)
{
    struct stamp_record *record = bpf_map_lookup_elem(&records, &stamp);
    if (record)
        record->counter = counter;
}

/* KVM replaces the set of memslots at every change, and gives the new one another generation. */
static __always_inline void put_generations(struct kvm *kvm)
{
#pragma unroll
    for (int i = 0; i < ADDRESS_SPACES_MAX; i++)
        put_stamp(STAMP_MEMSLOT_GENERATION + i,
                  i < ADDRESS_SPACES ? BPF_CORE_READ(active_set(kvm, i), generation) : 0);
}

/* The verifier does not let one reckon with a map's address; what is read back from memory is a mere number to it. */
static __always_inline __u64 number_of(const void *address)
{
    state.address = (__u64)address;
    asm volatile("" ::: "memory");
    return state.address;
}

/* Adds what one processor has of the per-processor counter whose address before that offset is `state.node`. */
static long add_processor(__u32 processor, void *unused)
{
    __u32 first = 0;
    void *own = bpf_map_lookup_percpu_elem(&processors, &first, processor);
    int part = 0;
    if (!own)
        return 1;
    __u64 offset = number_of(own) - state.common;
    /* A processor that cannot be there has no part, and nothing to read. */
    if (!bpf_probe_read_kernel(&part, sizeof(part), (void *)(state.node + offset)))
        state.sum += (long long)part;
    return 0;
}

/* A page that appears in the process's page table is counted here. Each processor counts for itself, up to a limit. */
static __always_inline bool put_resident_pages(struct mm_struct *mm)
{
    if (!bpf_core_field_exists(mm->rss_stat))
        return false;
    struct bpf_array *array = (void *)number_of(&processors);
    state.common = (__u64)BPF_CORE_READ(array, pptrs[0]);
    __u32 kinds = bpf_core_field_size(mm->rss_stat) / bpf_core_type_size(struct percpu_counter);
#pragma unroll
    for (int i = 0; i < RESIDENT_KINDS_MAX; i++) {
        struct percpu_counter *counter =
            (void *)mm + bpf_core_field_offset(mm->rss_stat) + i * bpf_core_type_size(struct percpu_counter);
        state.sum = 0;
        if (i < kinds) {
            __u64 shared = BPF_CORE_READ(counter, count);
            state.node = (__u64)BPF_CORE_READ(counter, counters);
            bpf_loop(PROCESSORS_MAX, add_processor, 0, 0);
            /* A processor at its limit moves its part here: it would be counted twice or not at all. */
            if (BPF_CORE_READ(counter, count) != shared)
                state.quiet = 0;
            state.sum += shared;
        }
        put_stamp(STAMP_RESIDENT_PAGES + i, state.sum);
    }
    __u64 hugetlb = bpf_core_field_exists(mm->hugetlb_usage) ? BPF_CORE_READ(mm, hugetlb_usage.counter) : 0;
    put_stamp(STAMP_HUGETLB_PAGES, hugetlb);
    return kinds <= RESIDENT_KINDS_MAX;
}

/* A present page that goes away or gets other rights has to leave the processors' TLBs, too. */
static __always_inline bool put_tlb_generation(struct mm_struct *mm)
{
    if (!bpf_core_field_exists(mm->context.tlb_gen))
        return false;
    put_stamp(STAMP_TLB_GENERATION, BPF_CORE_READ(mm, context.tlb_gen.counter));
    return true;
}

static long add_thread(__u32 iteration, void *unused)
{
    if (!state.node || state.node == state.end)
        return 1;
    struct task_struct *task = (void *)state.node - bpf_core_field_offset(struct task_struct, thread_node);
    state.sum += BPF_CORE_READ(task, min_flt) + BPF_CORE_READ(task, maj_flt);
    state.node = (__u64)BPF_CORE_READ(task, thread_node.next);
    return 0;
}

/*
 * The zero page is counted nowhere, but the process's own fault that brings it is. The threads come first: one that ends
 * meanwhile is then counted twice, and never left out.
 */
static __always_inline bool put_faults(struct task_struct *task)
{
    struct signal_struct *process = BPF_CORE_READ(task, signal);
    state.sum = 0;
    state.end = (__u64)process + bpf_core_field_offset(struct signal_struct, thread_head);
    state.node = (__u64)BPF_CORE_READ(process, thread_head.next);
    bpf_loop(THREADS_MAX, add_thread, 0, 0);
    put_stamp(STAMP_FAULTS, state.sum + BPF_CORE_READ(process, min_flt) + BPF_CORE_READ(process, maj_flt));
    return state.node == state.end;
}

static long add_vcpu(__u32 index, void *unused)
{
    __u64 entry = state.node;
    if (index >= state.end)
        return 1;
    for (int level = 0; level < VCPU_XARRAY_LEVELS_MAX; level++) {
        if (!is_node(entry))
            break;
        entry = node_entry(entry, (index >> node_shift(entry)) % XARRAY_CHUNK_SIZE);
    }
    struct kvm_vcpu *vcpu = (void *)entry;
    if (entry && !(entry & 3))
        state.sum += BPF_CORE_READ(vcpu, stat.pf_taken) + BPF_CORE_READ(vcpu, stat.pf_fixed);
    return 0;
}

/* What KVM maps for the guest changes by a guest's fault, by an invalidation, or with a flush of the guest's TLB. */
static __always_inline bool put_guest_mapping(struct kvm *kvm)
{
    struct kvm_vcpu *vcpu = 0;
    if (!bpf_core_field_exists(kvm->stat.pages_4k) || !bpf_core_field_exists(kvm->stat.generic.remote_tlb_flush_requests) ||
        !bpf_core_field_exists(vcpu->stat.pf_taken))
        return false;
    put_stamp(STAMP_GUEST_PAGES, BPF_CORE_READ(kvm, stat.pages_4k.counter));
    put_stamp(STAMP_GUEST_PAGES + 1, BPF_CORE_READ(kvm, stat.pages_2m.counter));
    put_stamp(STAMP_GUEST_PAGES + 2, BPF_CORE_READ(kvm, stat.pages_1g.counter));
    put_stamp(STAMP_GUEST_FLUSHES, BPF_CORE_READ(kvm, stat.generic.remote_tlb_flush));
    put_stamp(STAMP_GUEST_FLUSH_REQUESTS, BPF_CORE_READ(kvm, stat.generic.remote_tlb_flush_requests));
    state.sum = 0;
    state.node = (__u64)BPF_CORE_READ(kvm, vcpu_array.xa_head);
    state.end = BPF_CORE_READ(kvm, online_vcpus.counter);
    bpf_loop(VCPUS_MAX, add_vcpu, 0, 0);
    put_stamp(STAMP_GUEST_FAULTS, state.sum);
    return state.end <= VCPUS_MAX;
}

/* Removed or changed pages of the process behind a memslot, punched guest_memfds, attributes where a memslot is. */
static __always_inline bool put_invalidations(struct kvm *kvm)
{
    if (!bpf_core_field_exists(kvm->mmu_invalidate_seq))
        return false;
    state.quiet = !BPF_CORE_READ(kvm, mmu_invalidate_in_progress);
    put_stamp(STAMP_INVALIDATE_SEQUENCE, BPF_CORE_READ(kvm, mmu_invalidate_seq));
    return true;
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct task_struct *task = context->task;
    struct kvm *kvm = wanted_vm(context, state.wanted_fd);
    if (!kvm || !task)
        return 0;
    struct mm_struct *mm = BPF_CORE_READ(kvm, mm);
    state.found = 1;
    fill_vm_key(&state.vm, kvm);
    put_generations(kvm);
    state.whole = mm == task->mm && put_invalidations(kvm) && put_tlb_generation(mm) && put_resident_pages(mm) &&
                  put_faults(task) && put_guest_mapping(kvm);
    return 0;
}
