/* SPDX-License-Identifier: Dual MIT/GPL */
/* The set of memslots that a VM uses in an address space; KVM replaces it whole at every change. */
#pragma once

#include "kernel_types.h"

#define ADDRESS_SPACES (bpf_core_field_size(struct kvm, memslots) / sizeof(void *))

static __always_inline struct kvm_memslots *active_set(struct kvm *kvm, __u32 address_space)
{
    struct kvm_memslots *set = 0;
    void *sets = (void *)kvm + bpf_core_field_offset(struct kvm, memslots);
    bpf_probe_read_kernel(&set, sizeof(set), sets + address_space * sizeof(set));
    return set;
}
