// SPDX-License-Identifier: Dual MIT/GPL
/* The page cache of a guest_memfd. */
#include "folio.h"
#include "kernel_types.h"
#include "kvm_file.h"
#include "page_cache.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct page_cache_state state;

static __always_inline __u64 value_of_entry(__u64 entry)
{
    if (entry & 3)
        return 0;
    __u64 flags = folio_flags(entry);
    return uptodate_value(flags) | node_value(flags) | order_value(entry, flags);
}

#include "xarray_runs.h"

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct file *file = process_file(context);
    if (!file || context->fd != state.wanted || !is_released_by(file, &kvm_gmem_release))
        return 0;
    state.found = 1;
    walk_xarray(BPF_CORE_READ(file, f_inode, i_mapping, i_pages.xa_head));
    return 0;
}
