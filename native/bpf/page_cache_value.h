/* SPDX-License-Identifier: Dual MIT/GPL */
/* The page cache of one inode as runs. The including program first defines its `state`, a struct page_cache_state. */
#pragma once

#include "kernel_types.h"
#include "load_word.h"
#include "page_cache.bpf.h"

#define TMPFS_MAGIC 0x01021994
#define HUGETLBFS_MAGIC 0x958458f6

static __always_inline __u64 folio_flags(__u64 entry)
{
    if (bpf_core_field_exists(((struct folio___memdesc *)0)->flags.f))
        return load_word(entry + bpf_core_field_offset(struct folio___memdesc, flags));
    return load_word(entry + bpf_core_field_offset(struct folio, flags));
}

static __always_inline __u64 value_of_entry(__u64 entry)
{
    if (entry & 1)
        return state.values_are_swapped ? PAGE_SWAPPED : 0;
    if (entry & 3)
        return 0;
    return folio_flags(entry) >> bpf_core_enum_value(enum pageflags, PG_uptodate) & 1 ? PAGE_UPTODATE : PAGE_ALLOCATED;
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
