/* SPDX-License-Identifier: Dual MIT/GPL */
/* What the search for a frame in a guest_memfd is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include "runs.bpf.h"

/* A run's value: one more than the order of the folio that has the frame. */
struct guest_memfd_frames_state {
    struct run_walk walk; /* In pages of the guest_memfd. */
    __u64 wanted;         /* A file descriptor. */
    /* Asked: the struct page of the frame; 0: only `folio` and `page_struct_size` are asked for, of any file. */
    __u64 page;
    __u64 folio; /* Answered: of the only page of a file that has one page, else 0. */
    __u32 page_struct_size;
    __u32 found;
};
