/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * Walks a maple tree and writes its runs of equal values into the records. The including program first defines its
 * `state`, with members `walk` and `maple`, and
 *
 *     static __always_inline __u64 value_of_entry(__u64 entry);
 *
 * which turns an entry (never 0) into a value; 0 = as if absent.
 *
 * The walk must run where RCU protects the nodes: every iterator program that does not sleep does. A writer puts new
 * nodes in place of old ones, so each leaf is looked up from the root again, and a node counts only if it was not dead
 * after it was copied. A walk that stops where it began was kept from going on: the tree changed without pause.
 */
#pragma once

#include "kernel_types.h"
#include "load_word.h"
#include "maple_runs.bpf.h"
#include "put_runs.h"

/* A node is aligned to its size; the low bits of an entry that points to one hold its type. */
#define MAPLE_NODE_MASK 255ull
#define MAPLE_TYPE_SHIFT 3
#define MAPLE_TYPE_MASK 15
#define MAPLE_SLOTS_MAX 16

/* Steps of one walk, a node each: some milliseconds. A caller goes on from where the walk stopped. */
#define MAPLE_STEPS_MAX 16384

/* The root is a node, or the entry of index 0. Values and addresses never have these low bits. */
static __always_inline bool is_maple_node(__u64 root)
{
    return (root & 3) == 2 && root > 4096;
}

static __always_inline bool find_layout(__u64 entry)
{
    struct maple_walk *at = &state.maple;
    __u32 type = entry >> MAPLE_TYPE_SHIFT & MAPLE_TYPE_MASK;
    at->is_leaf = type == bpf_core_enum_value(enum maple_type, maple_leaf_64);
    if (type == bpf_core_enum_value(enum maple_type, maple_arange_64)) {
        at->pivots = bpf_core_field_size(struct maple_arange_64, pivot) / sizeof(__u64);
        at->first_pivot = bpf_core_field_offset(struct maple_arange_64, pivot) / sizeof(__u64);
        at->first_slot = bpf_core_field_offset(struct maple_arange_64, slot) / sizeof(__u64);
        return true;
    }
    at->pivots = bpf_core_field_size(struct maple_range_64, pivot) / sizeof(__u64);
    at->first_pivot = bpf_core_field_offset(struct maple_range_64, pivot) / sizeof(__u64);
    at->first_slot = bpf_core_field_offset(struct maple_range_64, slot) / sizeof(__u64);
    return at->is_leaf || type == bpf_core_enum_value(enum maple_type, maple_range_64);
}

/*
 * Copies the node. A writer makes a removed node its own parent before RCU's bookkeeping overwrites the rest, so the
 * parent is read after everything else.
 */
static __always_inline bool copy_node(__u64 entry)
{
    struct maple_walk *at = &state.maple;
    __u64 node = entry & ~MAPLE_NODE_MASK;
    __u64 parent = 0;
    if (!find_layout(entry) || bpf_probe_read_kernel(at->words, sizeof(at->words), (void *)node))
        return false;
    __u64 parent_offset = bpf_core_field_offset(struct maple_range_64, parent);
    if (bpf_probe_read_kernel(&parent, sizeof(parent), (void *)(node + parent_offset)))
        return false;
    return (parent & ~MAPLE_NODE_MASK) != node;
}

/* The last index of a slot. The slot that a node ends with has the node's own: as its pivot, or without one. */
static __always_inline __u64 slot_last(__u32 slot)
{
    struct maple_walk *at = &state.maple;
    if (slot >= at->pivots)
        return at->last;
    __u64 pivot = at->words[(at->first_pivot + slot) % MAPLE_NODE_WORDS];
    return (!pivot && slot) || pivot > at->last ? at->last : pivot;
}

/* A leaf's slot is put into the records; of another node, the slot that has the index leads down. */
static long visit_slot(__u32 slot, void *unused)
{
    struct maple_walk *at = &state.maple;
    __u64 end = state.walk.end;
    if (state.walk.index >= end)
        return 1;
    __u64 last = slot_last(slot);
    if (last < state.walk.index)
        return 0;
    __u64 entry = at->words[(at->first_slot + slot) % MAPLE_NODE_WORDS];
    if (!at->is_leaf) {
        at->node = entry;
        at->last = last;
        return 1;
    }
    if (visit_span(last < end ? last + 1 : end, entry ? value_of_entry(entry) : 0))
        return 1;
    return last == at->last;
}

static long visit_maple_node(__u32 iteration, void *unused)
{
    struct maple_walk *at = &state.maple;
    if (state.walk.index >= state.walk.end)
        return 1;
    if (!at->node) {
        __u64 root = load_word(at->tree + bpf_core_field_offset(struct maple_tree, ma_root));
        if (!is_maple_node(root)) {
            if (state.walk.index)
                return visit_span(state.walk.end, 0);
            return visit_span(1, root ? value_of_entry(root) : 0);
        }
        at->node = root;
        at->last = ~0ull;
    }
    if (!copy_node(at->node)) {
        at->node = 0;
        return 0;
    }
    if (at->is_leaf)
        at->node = 0;
    bpf_loop(MAPLE_SLOTS_MAX, visit_slot, 0, 0);
    return state.walk.full != 0;
}

/* Walks what `state.walk` asks for. */
static __always_inline void walk_maple_tree(void *tree)
{
    state.maple.tree = (__u64)tree;
    state.maple.node = 0;
    begin_runs();
    bpf_loop(MAPLE_STEPS_MAX, visit_maple_node, 0, 0);
    close_run(state.walk.index);
}
