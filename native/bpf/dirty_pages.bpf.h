/* SPDX-License-Identifier: Dual MIT/GPL */
/* What dirty_pages.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include "runs.bpf.h"

struct dirty_pages_state {
    struct run_walk walk; /* In guest frame numbers, within one memslot; the runs are the dirty pages. */
    __u32 wanted_fd;
    __u32 address_space;
    __u32 found;
    __u32 has_bitmap; /* One memslot holds the walk's first frame, and it logs. */
    __u32 consistent; /* No memslot changed during the walk, so the bitmap was not freed under it. */
    __u32 node_index;

    /* Where the walk is; global, since the verifier prunes better what it knows nothing about. */
    __u64 node;
    __u64 bitmap;
    __u64 slot_gfn;
    __u64 slot_end;
    __u64 word;
};
