/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * Writes runs of equal values into the records, merging them. The including program first defines its `state`, with a
 * member `walk`. A walk goes on from `walk.index` by putting values at growing indexes; a run ends where another value
 * is put, or where the program closes it.
 */
#pragma once

#include "kernel_types.h"
#include "runs.bpf.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, RUN_RECORDS);
    __type(key, __u32);
    __type(value, struct run_record);
} records SEC(".maps");

static __always_inline void begin_runs(void)
{
    state.walk.count = 0;
    state.walk.full = 0;
    state.walk.run_value = 0;
}

/* Ends the open run before `index`. False when the records are full: then that run is left for the next walk. */
static __always_inline bool close_run(__u64 index)
{
    struct run_walk *walk = &state.walk;
    __u32 key = walk->count;
    if (!walk->run_value)
        return true;
    struct run_record *record = bpf_map_lookup_elem(&records, &key);
    if (record) {
        record->first = walk->run_first;
        record->pages = index - walk->run_first;
        record->value = walk->run_value;
        walk->count = key + 1;
    } else {
        walk->full = 1;
        walk->index = walk->run_first;
    }
    walk->run_value = 0;
    return record;
}

/* From `index` on the value is `value`. */
static __always_inline bool put_value(__u64 index, __u64 value)
{
    if (value == state.walk.run_value)
        return true;
    if (!close_run(index))
        return false;
    state.walk.run_first = index;
    state.walk.run_value = value;
    return true;
}

/* Everything from the walk's index up to `next` has one value. Returns as a bpf_loop callback: 1 ends the loop. */
static __always_inline long visit_span(__u64 next, __u64 value)
{
    if (!put_value(state.walk.index, value))
        return 1;
    state.walk.index = next < state.walk.end ? next : state.walk.end;
    return 0;
}
