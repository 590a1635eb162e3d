/* SPDX-License-Identifier: Dual MIT/GPL */
/* What guest_memfd_attributes.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include "maple_runs.bpf.h"
#include "runs.bpf.h"

struct guest_memfd_attributes_state {
    struct run_walk walk; /* In pages of the file; a run's value is its attribute bits. */
    struct maple_walk maple;
    __u32 wanted_fd;
    __u32 found;
    __u32 has_store;
    __u32 settled; /* Neither before nor after the walk attributes were being set. */
    __u32 quiet;   /* And no other change was under way, and the sequence did not move. */
    __u32 padding;
    __u64 sequence_before;
    __u64 sequence_after;
};
