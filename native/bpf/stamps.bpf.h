/* SPDX-License-Identifier: Dual MIT/GPL */
/* What stamps.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include <linux/types.h>

#include "vm_key.bpf.h"

enum stamp {
    STAMP_MEMSLOT_GENERATION, /* One for each of two address spaces. */
    STAMP_INVALIDATE_SEQUENCE = STAMP_MEMSLOT_GENERATION + 2,
    STAMP_TLB_GENERATION,
    STAMP_RESIDENT_PAGES, /* Of files, anonymous, swapped out, of shared memory. */
    STAMP_HUGETLB_PAGES = STAMP_RESIDENT_PAGES + 4,
    STAMP_FAULTS,
    STAMP_GUEST_PAGES, /* Of 4 KiB, 2 MiB, 1 GiB. */
    STAMP_GUEST_FLUSHES = STAMP_GUEST_PAGES + 3,
    STAMP_GUEST_FLUSH_REQUESTS,
    STAMP_GUEST_FAULTS,
    STAMP_RECORDS,
};

struct stamp_record {
    __u64 counter;
};

struct stamps_state {
    __u32 wanted_fd; /* Asked; the rest is answered. */
    __u32 found;
    struct vm_key vm;
    __u32 whole; /* Every counter is there, and the VM uses this process's memory. */
    __u32 quiet; /* No change was under way. */

    /* Where a loop is; global, since the verifier prunes better what it knows nothing about. */
    __u64 node;
    __u64 end;
    __u64 sum;
    __u64 common;
    __u64 address;
};
