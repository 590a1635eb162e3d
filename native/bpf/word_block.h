/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * Words of kernel memory that are read at once: mostly they are all alike, and to tell that costs little more than to
 * copy them. The including program first defines its `state`, with a member `walk`.
 */
#pragma once

#include "kernel_types.h"
#include "runs.bpf.h"

/* False when they cannot be read; then all are 0. */
static __always_inline bool read_block(__u64 address)
{
    return !bpf_probe_read_kernel(state.walk.block, sizeof(state.walk.block), (void *)address);
}

static __always_inline __u64 block_word(__u64 index)
{
    /* In assembly, for the compiler leaves out what it knows to be true, and the verifier does not know it. */
    asm volatile("%0 &= %1" : "+r"(index) : "i"(BLOCK_WORDS - 1));
    return state.walk.block[index];
}

/* Whether the words of the block differ in none of these bits. */
static __always_inline bool block_is_alike(__u64 bits)
{
    __u64 first = state.walk.block[0], different = 0;
#pragma unroll
    for (int i = 1; i < BLOCK_WORDS; i++)
        different |= state.walk.block[i] ^ first;
    return !(different & bits);
}
