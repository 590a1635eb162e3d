/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * Reads a word of kernel memory. What cannot be read is 0.
 *
 * Since Linux 6.2 (a35b9af4ec2c, "bpf: Add a kfunc for generic type cast") a plain load does it, for a tenth of the cost
 * of bpf_probe_read_kernel. A kernel without that function never sees the call: the branch is dead code there.
 */
#pragma once

#include "kernel_types.h"

extern void *bpf_rdonly_cast(void *object, __u32 btf_id) __ksym __weak;

static __always_inline bool has_plain_loads(void)
{
    return bpf_core_enum_value_exists(enum special_kfunc_type, KF_bpf_rdonly_cast);
}

static __always_inline __u64 load_word(__u64 address)
{
    __u64 word = 0;
    if (!has_plain_loads()) {
        bpf_probe_read_kernel(&word, sizeof(word), (void *)address);
        return word;
    }
    /*
     * A cast takes a struct that the kernel's BTF names, and to the verifier a number is only what is no pointer there:
     * the first word of struct rb_node is an unsigned long.
     */
    struct rb_node *node = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct rb_node));
    return node->__rb_parent_color;
}
