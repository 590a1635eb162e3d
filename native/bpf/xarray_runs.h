/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * Walks an xarray and writes its runs of equal values into the records. The including program first defines its
 * `state`, with a member `walk`, and
 *
 *     static __always_inline __u64 value_of_entry(__u64 entry);
 *
 * which turns an entry (never 0, a node or a sibling) into a value; 0 = as if absent.
 *
 * The walk must run where RCU protects the nodes: every iterator program that does not sleep does. It goes down from the
 * root again for each leaf: with plain loads that costs less than remembering the path, and a tree that changes meanwhile
 * cannot lead it astray for more than one leaf.
 */
#pragma once

#include "kernel_types.h"
#include "put_runs.h"
#include "word_block.h"
#include "xarray_node.h"

/*
 * Steps of one walk: 16,384 leaves are 1 Mi pages, a few milliseconds, in which the processor does nothing else.
 * A caller goes on from where the walk stopped.
 */
#define RUN_STEPS_MAX 16384

static __always_inline __u64 value_at(__u64 entry)
{
    return entry ? value_of_entry(entry) : 0;
}

static long visit_leaf_slot(__u32 iteration, void *unused)
{
    __u64 index = state.walk.index;
    if (index >= state.walk.end)
        return 1;
    __u64 entry = block_word(index);
    if (!put_value(index, value_at(is_sibling(entry) ? block_word(entry >> 2) : entry)))
        return 1;
    state.walk.index = index + 1;
    return 0;
}

/* One step per leaf node, or per span of one entry or of nothing above the leaves. */
static long visit_node(__u32 iteration, void *unused)
{
    __u64 index = state.walk.index;
    __u64 entry = state.walk.root;

    if (index >= state.walk.end)
        return 1;
    if (!is_node(entry)) /* Without nodes there is at most the entry of index 0. */
        return index ? visit_span(state.walk.end, 0) : visit_span(1, value_at(entry));

    __u32 shift = node_shift(entry);
    if (shift + XARRAY_CHUNK_BITS < 64 && index >> (shift + XARRAY_CHUNK_BITS))
        return visit_span(state.walk.end, 0);
    for (int level = 1; shift && level < XARRAY_LEVELS_MAX; level++) {
        __u64 next = ((index >> shift) + 1) << shift;
        entry = node_entry(entry, (index >> shift) % XARRAY_CHUNK_SIZE);
        if (!is_node(entry))
            return visit_span(next, value_at(entry));
        __u32 child_shift = node_shift(entry);
        if (child_shift >= shift) /* The node was freed and is something else by now. */
            return visit_span(next, 0);
        shift = child_shift;
    }
    state.walk.leaf = entry;
    read_block(entry - 2 + bpf_core_field_offset(struct xa_node, slots));
    if (!(index % XARRAY_CHUNK_SIZE) && block_is_alike(~0ull))
        return visit_span(index + XARRAY_CHUNK_SIZE, value_at(block_word(0)));
    bpf_loop(XARRAY_CHUNK_SIZE - index % XARRAY_CHUNK_SIZE, visit_leaf_slot, 0, 0);
    return state.walk.full != 0;
}

/* Walks what `state.walk` asks for. */
static __always_inline void walk_xarray(void *root)
{
    state.walk.root = (__u64)root;
    begin_runs();
    bpf_loop(RUN_STEPS_MAX, visit_node, 0, 0);
    close_run(state.walk.index);
}
