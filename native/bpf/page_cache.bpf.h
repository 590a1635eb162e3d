/* SPDX-License-Identifier: Dual MIT/GPL */
/* What the page cache walks are asked and what they answer. Shared by BPF and C++. */
#pragma once

#include "runs.bpf.h"

/* A run's value: one of these, the node plus one (0: not known or not asked for), and the order of the folio. */
enum page_cache_value {
    PAGE_ALLOCATED = 1, /* Not up to date yet. */
    PAGE_UPTODATE = 2,
    PAGE_SWAPPED = 3,
};
#define PAGE_NODE_SHIFT 2
#define PAGE_NODES 63
#define PAGE_ORDER_SHIFT 8
#define PAGE_ORDER_UNKNOWN 0xff

/* A run's value in a walk of references, which is never 0: bit 63, the order of the folio, its references. */
#define REFERENCES_VALUE(REFERENCES, ORDER) (1ull << 63 | (__u64)(ORDER) << 32 | (__u32)(REFERENCES))
#define REFERENCES_OF(VALUE) ((__u32)(VALUE))
#define REFERENCES_ORDER(VALUE) ((__u32)((VALUE) >> 32) & PAGE_ORDER_UNKNOWN)

struct page_cache_state {
    struct run_walk walk; /* In pages of the file. */
    __u64 wanted;         /* A file descriptor, or the host virtual address that maps the file. */
    __s32 error;          /* What looking up the address came to: 0 or a negative errno. */
    __u32 found;
    __u32 values_are_swapped; /* In a tmpfs; elsewhere a value is the shadow of an evicted page. */
    __u32 unknown_units;      /* The file's indexes count huge pages. */
};
