// SPDX-License-Identifier: Dual MIT/GPL
/* The memory attributes of a guest_memfd, where the kernel keeps them per file: one entry for each range of pages. */
#include "kernel_types.h"
#include "guest_memfd_attributes.bpf.h"
#include "kvm_file.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct guest_memfd_attributes_state state;

static __always_inline __u64 value_of_entry(__u64 entry)
{
    return entry & 1 ? entry >> 1 : 0;
}

#include "maple_runs.h"

#define RWSEM_WRITER_LOCKED 1l

static __always_inline void *attributes_of(struct inode *inode)
{
    if (!bpf_core_field_exists(((struct gmem_inode *)0)->attributes))
        return 0;
    void *gmem = (void *)inode - bpf_core_field_offset(struct gmem_inode, vfs_inode);
    return gmem + bpf_core_field_offset(struct gmem_inode, attributes);
}

/*
 * KVM changes the tree with the lock of the file's page cache held for writing, and, where a memslot is bound to the
 * range, between the begin and the end of an MMU invalidation, which moves the VM's sequence.
 */
static __always_inline bool is_being_set(struct inode *inode)
{
    struct address_space *mapping = BPF_CORE_READ(inode, i_mapping);
    if (!bpf_core_field_exists(mapping->invalidate_lock.count))
        return true;
    return BPF_CORE_READ(mapping, invalidate_lock.count.counter) & RWSEM_WRITER_LOCKED;
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct file *file = process_file(context);
    if (!file || context->fd != state.wanted_fd || !is_released_by(file, &kvm_gmem_release))
        return 0;
    struct inode *inode = file->f_inode;
    struct kvm *kvm = kvm_of_guest_memfd(file->private_data);
    void *attributes = attributes_of(inode);
    state.found = 1;
    state.has_store = !!attributes;
    bool settled = !is_being_set(inode);
    bool quiet = !BPF_CORE_READ(kvm, mmu_invalidate_in_progress);
    state.sequence_before = BPF_CORE_READ(kvm, mmu_invalidate_seq);
    walk_maple_tree(attributes); /* Also where there is none: so every kernel's verifier sees the whole program. */
    state.sequence_after = BPF_CORE_READ(kvm, mmu_invalidate_seq);
    quiet = quiet && !BPF_CORE_READ(kvm, mmu_invalidate_in_progress) && state.sequence_before == state.sequence_after;
    state.settled = settled && !is_being_set(inode);
    state.quiet = quiet && state.settled;
    return 0;
}
