// SPDX-License-Identifier: Dual MIT/GPL
/* The page cache of the file that a process has mapped at an address. */
#include "folio.h"
#include "kernel_types.h"
#include "page_cache.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define TMPFS_MAGIC 0x01021994
#define HUGETLBFS_MAGIC 0x958458f6

struct page_cache_state state;

static __always_inline __u64 value_of_entry(__u64 entry)
{
    if (entry & 1)
        return state.values_are_swapped ? PAGE_SWAPPED : 0;
    if (entry & 3)
        return 0;
    __u64 flags = folio_flags(entry);
    return uptodate_value(flags) | order_value(entry, flags);
}

#include "xarray_runs.h"

static __always_inline void walk_page_cache(struct file *file)
{
    struct inode *inode = BPF_CORE_READ(file, f_inode);
    unsigned long magic = BPF_CORE_READ(inode, i_sb, s_magic);
    state.found = 1;
    state.values_are_swapped = magic == TMPFS_MAGIC;
    state.walk.leaf = 0;
    walk_xarray(BPF_CORE_READ(inode, i_mapping, i_pages.xa_head));
    /*
     * Before Linux 6.7 (a08c7193e4f1, "mm/filemap: remove hugetlb special casing") hugetlbfs indexed its pages by their
     * own size; since then a huge page takes 512 indexes or more, and never stands in a leaf or alone.
     */
    state.unknown_units =
        magic == HUGETLBFS_MAGIC && (state.walk.leaf || (state.walk.root && !is_node(state.walk.root)));
}

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
