// SPDX-License-Identifier: Dual MIT/GPL
/*
 * How many references the folios of a guest_memfd have: one for each page is the page cache's own, one for each mapping
 * of a page; what is left, something else holds.
 */
#include "folio.h"
#include "kernel_types.h"
#include "page_cache.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct page_cache_state state;

static __always_inline __u64 value_of_entry(__u64 entry)
{
    if (entry & 3 || !bpf_core_field_exists(((struct folio___count *)0)->_refcount))
        return 0;
    __u64 references = load_word(entry + bpf_core_field_offset(struct folio___count, _refcount)) & 0xffffffff;
    return REFERENCES_VALUE(references, order_value(entry, folio_flags(entry)) >> PAGE_ORDER_SHIFT);
}

#include "guest_memfd_folios.h"
