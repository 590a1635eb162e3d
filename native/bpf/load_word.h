/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * Reads kernel memory by plain loads, which cost a tenth of a call of bpf_probe_read_kernel. A load that faults reads
 * as 0, as with the helper. Needs bpf_rdonly_cast (Linux 6.2).
 */
#pragma once

#include "kernel_types.h"

extern void *bpf_rdonly_cast(void *object, __u32 btf_id) __ksym;

/*
 * A cast takes a struct that the kernel's BTF names and only what is no pointer there is a number to the verifier: the
 * first word of struct rb_node is an unsigned long.
 */
static __always_inline __u64 load_word(__u64 address)
{
    struct rb_node *word = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct rb_node));
    return word->__rb_parent_color;
}
