/* SPDX-License-Identifier: Dual MIT/GPL */
/* What a program that walks one memslot's own records is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include "runs.bpf.h"

struct memslot_runs_state {
    struct run_walk walk; /* In guest frame numbers, within one memslot. */
    __u32 wanted_fd;
    __u32 address_space;
    __u32 found;
    __u32 has_records; /* A memslot holds the walk's first frame, and has what is asked for. */
    __u32 consistent;  /* No memslot changed during the walk, so what was read was not freed under it. */
    __u32 node_index;

    /* Where the walk is; global, since the verifier prunes better what it knows nothing about. */
    __u64 node;
    __u64 slot; /* 0: no memslot is there. */
    __u64 slot_gfn;
    __u64 slot_end;
    __u64 records[2]; /* Where the memslot keeps them; what they are is each program's own. */
    __u64 word;
};
