// SPDX-License-Identifier: Dual MIT/GPL
/* The page cache of a guest_memfd. */
#include "folio.h"
#include "kernel_types.h"
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

#include "guest_memfd_folios.h"
