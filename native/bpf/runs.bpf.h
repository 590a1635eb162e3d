/* SPDX-License-Identifier: Dual MIT/GPL */
/* Runs of equal values in an xarray: what xarray_runs.h is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include <linux/types.h>

#define RUN_RECORDS 65536

/* `pages` indexes from `first` on have `value`, which is never 0. */
struct run_record {
    __u64 first;
    __u64 pages;
    __u64 value;
};

#define BLOCK_WORDS 64

struct run_walk {
    __u64 index; /* Asked: where to begin. Answered: where the walk stopped, `end` when it is done. */
    __u64 end;   /* Asked, exclusive. */
    __u32 count; /* Answered: how many records. */
    __u32 full;  /* The records were: `index` is the first one of the run that found no place. */

    /* Where the walk is; global, since the verifier prunes better what it knows nothing about. */
    __u64 root;
    __u64 leaf;
    __u64 run_first;
    __u64 run_value; /* 0: no run is open. */
    __u64 block[BLOCK_WORDS];
};
