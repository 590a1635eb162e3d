/* SPDX-License-Identifier: Dual MIT/GPL */
/* What vcpu_state.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include <linux/types.h>

#define VCPU_STATE_RECORDS 1

struct vcpu_state_record {
    __u32 exit_reason;
    __u32 has_memory_fault; /* The exit is KVM_EXIT_MEMORY_FAULT, so the three below are its details. */
    __u64 memory_fault_flags;
    __u64 memory_fault_gpa;
    __u64 memory_fault_size;
    __u32 has_rip; /* KVM holds the current value; so with CR3. */
    __u32 has_cr3;
    __u64 rip;
    __u64 cr3;
    __u32 physical_address_bits; /* Of the guest's CPUID; 0 where the kernel does not tell. */
    __u32 has_paging;            /* The guest's registers are not encrypted: the rest holds. */
    __u64 cr0;
    __u64 cr4;
    __u64 efer;
    __u32 address_space; /* 1 in System Management Mode. */
    __u32 nested;        /* A nested guest runs, whose physical addresses are not those of the VM. */
};

struct vcpu_state_request {
    __u32 wanted_fd; /* Asked; the rest is answered. */
    __u32 found;     /* The file is a vCPU: the one record holds its state. */
};
