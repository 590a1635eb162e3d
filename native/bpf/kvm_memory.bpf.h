/* SPDX-License-Identifier: Dual MIT/GPL */
/* What kvm_memory.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include <linux/types.h>

#define KVM_MEMORY_RECORDS 1

struct kvm_memory_record {
    __u64 attribute_nodes;
    __u64 attribute_node_size;
    __u64 shadow_pages;
    __u32 has_attribute_nodes; /* All were counted. */
    __u32 has_shadow_pages;    /* This kernel counts them. */
    __u32 has_metadata;        /* There is a memslot, and its metadata is where this kernel's types say. */
    __u32 has_reverse_map;     /* KVM keeps rmap for memslots. */
    __u32 tracks_writes;       /* KVM keeps gfn_write_track for memslots. */
    __u32 padding;
};

struct kvm_memory_state {
    __u32 wanted_fd;
    __u32 found;

    /* Where the walk of the attribute store is; global, since the verifier prunes better what it knows nothing about. */
    __u64 root;
    __u64 index;
    __u64 end;
    __u64 nodes;
};
