/* SPDX-License-Identifier: Dual MIT/GPL */
/* What attributes.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include "runs.bpf.h"

struct attributes_state {
    struct run_walk walk; /* In guest frame numbers; a run's value is its attribute bits. */
    __u32 wanted_fd;
    __u32 found;
    __u32 has_store;
    __u32 settled; /* Neither before nor after the walk attributes were being set. */
    __u32 quiet;   /* And no other change was under way, and the sequence did not move. */
    __u32 padding;
    __u64 sequence_before;
    __u64 sequence_after;
};
