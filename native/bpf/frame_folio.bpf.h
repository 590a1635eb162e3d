/* SPDX-License-Identifier: Dual MIT/GPL */
/* What frame_folio.bpf.c is asked and what it answers. Shared by BPF and C++. */
#pragma once

#include <linux/types.h>

#define FRAME_FOLIO_RECORDS 1

#define COUNT_UNKNOWN 0xffffffffu

struct frame_folio_record {
    __u32 references;
    __u32 order;
    __u32 mappings; /* COUNT_UNKNOWN: the kernel does not tell; so with pins. */
    __u32 pins;     /* Of a large folio, where they have a count of their own; else COUNT_UNKNOWN. */
};

struct frame_folio_state {
    __u64 page;   /* Asked: the struct page of the frame. */
    __u32 looked; /* The program has done its work: it is called for each file of a process. */
    __u32 found;  /* Answered: the one record holds the counts. */
};
