/* SPDX-License-Identifier: Dual MIT/GPL */
/* What kvm_files.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include <linux/types.h>

#include "vm_key.bpf.h"

#define KVM_FILE_RECORDS 4096

enum kvm_file_kind {
    KVM_FILE_VM = 0,
    KVM_FILE_VCPU = 1,
    KVM_FILE_GUEST_MEMFD = 2,
};

struct kvm_files_record {
    __u32 fd;
    __u32 kind;
    struct vm_key vm;
    __u32 vcpu;
    __u32 tid; /* In the reader's pid namespace; 0: none. */
};

struct kvm_files_state {
    __u32 first_fd; /* Asked, with last_fd; the rest is answered. */
    __u32 last_fd;
    __u32 count;
    __u32 next_fd; /* Where to go on when the records were full, else 0. */
};
