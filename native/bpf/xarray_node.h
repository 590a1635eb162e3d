/* SPDX-License-Identifier: Dual MIT/GPL */
/* The nodes of an xarray, a tree over indexes. They may change while they are looked at; RCU keeps their memory. */
#pragma once

#include "kernel_types.h"
#include "load_word.h"

#define XARRAY_CHUNK_BITS 6
#define XARRAY_CHUNK_SIZE 64
#define XARRAY_LEVELS_MAX 11

/* Low bits of an entry: 00 pointer, x1 value, 10 internal (a node when it is a large number, else a sibling's offset). */
static __always_inline bool is_node(__u64 entry)
{
    return (entry & 3) == 2 && entry > 4096;
}

static __always_inline bool is_sibling(__u64 entry)
{
    return (entry & 3) == 2 && entry < XARRAY_CHUNK_SIZE << 2;
}

static __always_inline __u32 node_shift(__u64 entry)
{
    return load_word(entry - 2 + bpf_core_field_offset(struct xa_node, shift)) & 0xff;
}

static __always_inline __u64 node_slot(__u64 entry, __u64 offset)
{
    return load_word(entry - 2 + bpf_core_field_offset(struct xa_node, slots) + offset * sizeof(void *));
}

/* The entry at `offset` of a node. An entry of several indexes sits in its first slot; the others point back to it. */
static __always_inline __u64 node_entry(__u64 node, __u64 offset)
{
    __u64 entry = node_slot(node, offset);
    return is_sibling(entry) ? node_slot(node, entry >> 2) : entry;
}
