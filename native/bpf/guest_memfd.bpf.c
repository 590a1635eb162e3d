// SPDX-License-Identifier: Dual MIT/GPL
/* A guest_memfd's own record, and which memslots are bound to which of its pages. */
#include "kernel_types.h"
#include "guest_memfd.bpf.h"
#include "kvm_file.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct guest_memfd_state state;

static __always_inline __u64 value_of_entry(__u64 entry)
{
    struct kvm_memory_slot *slot = (void *)entry;
    return entry & 3 ? 0 : BINDING_VALUE(BPF_CORE_READ(slot, as_id), BPF_CORE_READ(slot, id));
}

#include "xarray_runs.h"

static __always_inline __u64 creation_flags(struct inode *inode)
{
    if (bpf_core_type_exists(struct gmem_inode)) {
        struct gmem_inode *gmem = (void *)inode - bpf_core_field_offset(struct gmem_inode, vfs_inode);
        return BPF_CORE_READ(gmem, flags);
    }
    return (__u64)BPF_CORE_READ(inode, i_private);
}

/* A kernel that does not know the flag leaves the pages of every guest_memfd in its direct map. */
static __always_inline int in_direct_map(struct inode *inode)
{
    if (!bpf_core_enum_value_exists(enum mapping_flags, AS_NO_DIRECT_MAP))
        return 1;
    if (!bpf_core_field_exists(((struct address_space *)0)->flags))
        return -1;
    unsigned long flags = BPF_CORE_READ(inode, i_mapping, flags);
    return !(flags >> bpf_core_enum_value(enum mapping_flags, AS_NO_DIRECT_MAP) & 1);
}

static __always_inline void *bindings_root(void *private_data)
{
    if (bpf_core_type_exists(struct gmem_file)) {
        struct gmem_file *gmem = private_data;
        return BPF_CORE_READ(gmem, bindings.xa_head);
    }
    if (bpf_core_type_exists(struct kvm_gmem)) {
        struct kvm_gmem *gmem = private_data;
        return BPF_CORE_READ(gmem, bindings.xa_head);
    }
    return 0;
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct file *file = process_file(context);
    if (!file || context->fd != state.wanted_fd || !is_released_by(file, &kvm_gmem_release))
        return 0;
    struct inode *inode = file->f_inode;
    state.found = 1;
    fill_vm_key(&state.vm, kvm_of_guest_memfd(file->private_data));
    state.inode = inode->i_ino;
    state.size = inode->i_size;
    state.flags = creation_flags(inode);
    state.has_attribute_store = bpf_core_field_exists(((struct gmem_inode *)0)->attributes);
    state.allocated_pages = BPF_CORE_READ(inode, i_mapping, nrpages);
    state.in_direct_map = in_direct_map(inode);
    walk_xarray(bindings_root(file->private_data));
    return 0;
}
