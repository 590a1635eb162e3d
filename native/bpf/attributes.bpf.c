// SPDX-License-Identifier: Dual MIT/GPL
/* A VM's memory attributes, where the kernel keeps them per VM: one value entry per guest frame, absent = none. */
#include "kernel_types.h"
#include "attributes.bpf.h"
#include "kvm_file.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct attributes_state state;

static __always_inline __u64 value_of_entry(__u64 entry)
{
    return entry & 1 ? entry >> 1 : 0; /* An internal entry is a place reserved by a change under way. */
}

#include "xarray_runs.h"

/*
 * KVM changes attributes between the begin and the end of an MMU invalidation, which moves the sequence, but only where
 * a memslot covers the range. It always holds slots_lock (bits 0-2 of a mutex's owner are flags).
 */
static __always_inline bool is_being_set(struct kvm *kvm)
{
    return BPF_CORE_READ(kvm, slots_lock.owner.counter) & ~7l;
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct kvm *kvm = wanted_vm(context, state.wanted_fd);
    if (!kvm)
        return 0;
    state.found = 1;
    if (!bpf_core_field_exists(kvm->mem_attr_array))
        return 0;
    state.has_store = 1;
    bool settled = !is_being_set(kvm);
    bool quiet = !BPF_CORE_READ(kvm, mmu_invalidate_in_progress);
    state.sequence_before = BPF_CORE_READ(kvm, mmu_invalidate_seq);
    walk_xarray(BPF_CORE_READ(kvm, mem_attr_array.xa_head));
    state.sequence_after = BPF_CORE_READ(kvm, mmu_invalidate_seq);
    quiet = quiet && !BPF_CORE_READ(kvm, mmu_invalidate_in_progress) && state.sequence_before == state.sequence_after;
    state.settled = settled && !is_being_set(kvm);
    state.quiet = quiet && state.settled;
    return 0;
}
