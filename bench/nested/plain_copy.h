/* Shared by plain_copy.bpf.c and plain_copy.cc. */
#pragma once

#include <linux/types.h>

enum copied { COPY_ATTRIBUTES, COPY_PAGES, COPY_GUEST_MAPPING };

/* As many as the product's walks take at once. */
#define LEAVES_MAX 16384
#define TABLES_MAX 2048

/* What is copied goes round in these. */
#define COPIES 64

struct copy {
    __u64 words[512];
};

struct plain_copy_state {
    __u32 wanted_fd;
    __u32 what;
    __u64 index; /* Asked: where to begin. Answered: where the copying stopped. */
    __u64 end;

    __u64 root;
    __u64 leaf;
    __u32 level;
    __u32 count;
};
