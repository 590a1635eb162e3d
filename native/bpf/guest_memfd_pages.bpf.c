// SPDX-License-Identifier: Dual MIT/GPL
/* The page cache of a guest_memfd. */
#include "kernel_types.h"
#include "kvm_file.h"
#include "page_cache.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct page_cache_state state;

#include "page_cache_value.h"

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct file *file = process_file(context);
    if (!file || context->fd != state.wanted || !is_released_by(file, &kvm_gmem_release))
        return 0;
    walk_page_cache(file);
    return 0;
}
