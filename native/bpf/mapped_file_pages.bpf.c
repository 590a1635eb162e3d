// SPDX-License-Identifier: Dual MIT/GPL
/* The page cache of the file that a process has mapped at an address. */
#include "kernel_types.h"
#include "page_cache.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct page_cache_state state;

#include "page_cache_value.h"

/* Runs under the process's mmap lock, held for reading: the mapping keeps its file. */
static long visit_mapping(struct task_struct *task, struct vm_area_struct *mapping, void *unused)
{
    struct file *file = BPF_CORE_READ(mapping, vm_file);
    if (file)
        walk_page_cache(file);
    return 0;
}

SEC("iter/task")
int walk(struct bpf_iter__task *context)
{
    struct task_struct *task = context->task;
    if (!task || task->pid != task->tgid)
        return 0;
    state.error = bpf_find_vma(task, state.wanted, visit_mapping, 0, 0);
    return 0;
}
