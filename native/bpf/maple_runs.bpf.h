/* SPDX-License-Identifier: Dual MIT/GPL */
/* Where a walk of a maple tree is: what maple_runs.h keeps beside the run_walk. Shared by BPF and C++. */
#pragma once

#include <linux/types.h>

#define MAPLE_NODE_WORDS 32

struct maple_walk {
    __u64 tree;
    __u64 node; /* The entry of the node to be visited; 0: begin at the root again. */
    __u64 last; /* The last index that this node is for. */
    __u64 words[MAPLE_NODE_WORDS]; /* A copy of it. */
    __u32 pivots; /* How many pivots it has, from word `first_pivot` on. */
    __u32 first_pivot;
    __u32 first_slot;
    __u32 is_leaf;
};
