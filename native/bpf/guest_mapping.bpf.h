/* SPDX-License-Identifier: Dual MIT/GPL */
/* What guest_mapping.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include "runs.bpf.h"

/* A run's value: the level, 1 = 4 KiB, 2 = 2 MiB, 3 = 1 GiB, and these bits. */
#define GUEST_MAPPING_WRITABLE (1 << 2)
#define GUEST_MAPPING_EXECUTABLE (1 << 3)

/* Two fields, each 0 when the processor does not note it (or it was not asked for). */
#define GUEST_MAPPING_ACCESSED_SHIFT 4
#define GUEST_MAPPING_DIRTY_SHIFT 6
#define GUEST_MAPPING_NO 1
#define GUEST_MAPPING_YES 2

/* Why nothing is told. */
enum guest_mapping_problem {
    GUEST_MAPPING_TOLD = 0,
    GUEST_MAPPING_SHADOW,        /* KVM maps this VM without the TDP MMU. */
    GUEST_MAPPING_NO_ROOT,       /* No root, and it cannot be told whether the TDP MMU is used. */
    GUEST_MAPPING_SPLIT,         /* TDX: private memory is mapped by a mirror, shared memory at other gfns. */
    GUEST_MAPPING_SEVERAL,       /* vCPUs use different roots, which may differ. */
    GUEST_MAPPING_NO_DIRECT_MAP, /* Where the kernel sees physical memory cannot be told. */
    GUEST_MAPPING_UNREADABLE,    /* A table is not where an entry points to. */
};

struct guest_mapping_state {
    struct run_walk walk; /* In guest frame numbers. */
    __u32 wanted_fd;
    __u32 address_space;
    __u32 with_accessed; /* Whether the values tell accessed and dirty, which change without pause. */
    __u32 found;
    __u32 problem;
    __u32 tables; /* That the walk came to at their first frame: each is counted once, in however many parts it is done. */

    /* Where the walk is; global, since the verifier prunes better what it knows nothing about. */
    __u64 roots_end;
    __u64 next_root;
    __u32 roots; /* Of every kind; those of the address space are `own_roots`. */
    __u32 own_roots;
    __u32 root_level;
    __u32 met; /* Tables that the last step came to at their first frame; it began at `step`. */
    __u32 is_ept; /* The tables are Intel's, else AMD's. */
    __u64 step;
    __u64 direct_map;   /* Kernel address of physical address 0. */
    __u64 address_mask; /* The bits of an entry that are a physical address. */
};
