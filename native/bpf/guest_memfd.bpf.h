/* SPDX-License-Identifier: Dual MIT/GPL */
/* What guest_memfd.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include "runs.bpf.h"
#include "vm_key.bpf.h"

/* A binding's memslot as a run's value, which is never 0: bit 32, address space, id. */
#define BINDING_VALUE(ADDRESS_SPACE, ID) (1ull << 32 | (__u64)(ADDRESS_SPACE) << 16 | (__u16)(ID))
#define BINDING_ADDRESS_SPACE(VALUE) ((__u16)((VALUE) >> 16))
#define BINDING_ID(VALUE) ((__s16)(VALUE))

struct guest_memfd_state {
    struct run_walk walk; /* The bindings, in pages of the file. */
    __u32 wanted_fd;
    __u32 found;
    __u32 has_attribute_store;
    struct vm_key vm;
    __u64 inode;
    __u64 size;
    __u64 flags;
    __u64 allocated_pages;
    __s32 in_direct_map; /* -1: the kernel does not tell. */
    __u32 padding;
};
