/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * The walk over the folios of a guest_memfd. To be included after `struct page_cache_state state` and value_of_entry, which
 * says what to tell of each.
 */
#pragma once

#include "kvm_file.h"
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
