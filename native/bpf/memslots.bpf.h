/* SPDX-License-Identifier: Dual MIT/GPL */
/* What memslots.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include <linux/types.h>

#include "vm_key.bpf.h"

/* Two address spaces of at most 32,767 memslots each. */
#define MEMSLOT_RECORDS 65536

struct memslots_record {
    __u64 gfn;
    __u64 pages;
    __u64 hva;
    __u64 gmem_inode;
    __u64 gmem_page; /* First page of the memslot in its guest_memfd. */
    __u32 flags;
    __s16 id;
    __u16 address_space;
    __u32 has_gmem;
    __u32 padding;
};

struct memslots_state {
    __u32 wanted_fd; /* Asked; the rest is answered. */
    __u32 found;
    struct vm_key vm;
    __s64 type;             /* -1: this kernel's struct kvm has no such field. */
    __s32 has_private_memory; /* -1 likewise. */
    __u32 has_attribute_store;
    __u32 owned_by_process;
    __u32 address_spaces;
    __u32 vcpus;
    __u32 dirty_ring_size; /* In bytes, of each vCPU; 0: not used. */
    __u32 disables_nx_huge_pages;
    __u32 count;
    __u32 consistent; /* No memslot changed during the walk. */

    /* Where the walk is; global, since the verifier prunes better what it knows nothing about. */
    __u32 bucket;
    __u64 set;
    __u64 node;
    __u64 node_offset; /* Of the hash node within struct kvm_memory_slot. */
};
