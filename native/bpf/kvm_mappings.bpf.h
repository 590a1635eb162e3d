/* SPDX-License-Identifier: Dual MIT/GPL */
/* What kvm_mappings.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include <linux/types.h>

#include "vm_key.bpf.h"

#define KVM_MAPPING_RECORDS 4096

enum kvm_mapping_kind {
    KVM_MAPPING_VCPU = 0,
    KVM_MAPPING_GUEST_MEMFD = 1,
    KVM_MAPPING_BUSY = 2, /* The process's mappings are being changed and could not be looked at; only `pid` counts. */
};

enum kvm_mapping_rights {
    KVM_MAPPING_READ = 1, /* As VM_READ and the next two of vm_flags. */
    KVM_MAPPING_WRITE = 2,
    KVM_MAPPING_EXECUTE = 4,
};

struct kvm_mapping_record {
    __u64 start;
    __u64 end;
    __u64 first_page; /* Of the file. */
    __u64 inode;
    struct vm_key vm;
    __u32 pid; /* In the reader's pid namespace. */
    __u32 kind;
    __u32 rights;
    __u32 padding;
};

struct kvm_mappings_state {
    __u64 first_address; /* Asked, with first_pid: where to begin. */
    __u64 next_address;  /* Answered, with next_pid: where to go on. */
    __u32 first_pid;
    __u32 next_pid; /* 0: done. */
    __u32 count;
    __u32 supported;
    __u64 seen; /* What was looked at, in mappings. */
};
