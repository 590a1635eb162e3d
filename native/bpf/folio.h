/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * What a folio of the page cache tells by its flags, which are read once. Of a large folio only the order is elsewhere,
 * in its first tail page.
 */
#pragma once

#include "kernel_types.h"
#include "load_word.h"
#include "page_cache.bpf.h"

static __always_inline __u64 folio_flags(__u64 folio)
{
    if (bpf_core_field_exists(((struct folio___memdesc *)0)->flags.f))
        return load_word(folio + bpf_core_field_offset(struct folio___memdesc, flags));
    return load_word(folio + bpf_core_field_offset(struct folio, flags));
}

static __always_inline __u64 uptodate_value(__u64 flags)
{
    return flags >> bpf_core_enum_value(enum pageflags, PG_uptodate) & 1 ? PAGE_UPTODATE : PAGE_ALLOCATED;
}

static __always_inline __u64 order_value(__u64 folio, __u64 flags)
{
    __u64 order = PAGE_ORDER_UNKNOWN;
    if (!(flags >> bpf_core_enum_value(enum pageflags, PG_head) & 1))
        return 0;
    if (bpf_core_field_exists(((struct folio___order *)0)->_folio_order))
        order = load_word(folio + bpf_core_field_offset(struct folio___order, _folio_order)) & PAGE_ORDER_UNKNOWN;
    else if (bpf_core_field_exists(((struct folio *)0)->_flags_1))
        order = load_word(folio + bpf_core_field_offset(struct folio, _flags_1)) & PAGE_ORDER_UNKNOWN;
    return order << PAGE_ORDER_SHIFT;
}

/*
 * The node is in the topmost bits of the flags, as many as the largest number of nodes takes; without
 * CONFIG_SPARSEMEM_VMEMMAP other bits are there. That number is a power of two and the length of an array in hstate.
 */
static __always_inline __u64 node_value(__u64 flags)
{
    if (!bpf_core_field_exists(((struct mem_section_usage *)0)->subsection_map) ||
        !bpf_core_field_exists(((struct hstate *)0)->nr_huge_pages_node))
        return 0;
    __u64 nodes = bpf_core_field_size(struct hstate, nr_huge_pages_node) / sizeof(__u32);
    __u64 node = (flags >> 32) * nodes >> 32; /* flags >> (64 - log2(nodes)) */
    return node < PAGE_NODES ? (node + 1) << PAGE_NODE_SHIFT : 0;
}
