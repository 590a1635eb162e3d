/* SPDX-License-Identifier: Dual MIT/GPL */
/* Shared by the programs that record what happens to a VM's memory, and by C++. */
#pragma once

#include <linux/types.h>

#include "vm_key.bpf.h"

/* Bytes of each recorder's ring; a power of two. The reader looks every few milliseconds, and is never woken. */
#define RECORDER_RING_SIZE (16u << 20)

enum event_kind {
    EVENT_MEMSLOT = 1,            /* start: GPA, size: bytes (0 removes it), value: flags, detail: HVA; inode, inode_offset */
    EVENT_ATTRIBUTES = 2,         /* the call; start: GPA, size: bytes, value: attributes */
    EVENT_ATTRIBUTES_CHANGED = 3, /* just before KVM takes its lock; the same fields */
    EVENT_GUEST_MEMFD = 4,        /* created; size: bytes, value: flags, result: its fd; inode */
    EVENT_ALLOCATE = 5,           /* fallocate of a guest_memfd; start: offset, size: bytes; inode */
    EVENT_PAGES_ADDED = 6,        /* to a guest_memfd; start: offset, size: bytes; inode */
    EVENT_PAGES_REMOVED = 7,
    EVENT_FAULT = 8,              /* start: GPA, value: error code; others are EVENT_SHADOW_FAULT */
    EVENT_MAPPED = 9,             /* start: GPA, size: bytes of the mapping that KVM made for the guest */
    EVENT_MEMORY_FAULT_EXIT = 10, /* start: GPA, size: bytes, value: flags */
    EVENT_UNMAPPED = 11,          /* start: HVA, size: bytes */
    EVENT_CONVERSION_ASKED = 12,  /* by the guest, KVM_HC_MAP_GPA_RANGE; start: GPA, size: bytes, value: attributes */
    EVENT_PUNCH = 13,             /* as EVENT_ALLOCATE */
    EVENT_GUEST_MEMFD_ATTRIBUTES = 14, /* the call; start: offset, size: bytes, value: attributes, detail: error_offset; inode */
    EVENT_SHADOW_FAULT = 15,      /* start: an address that is no GPA, size: enum shadow_address, value: error code */
    EVENT_KIND_END
};

/* What the address of a fault is where KVM shadows page tables of a guest. */
enum shadow_address {
    SHADOW_ADDRESS_UNKNOWN = 0,
    SHADOW_ADDRESS_GUEST_VIRTUAL = 1,
    SHADOW_ADDRESS_NESTED_VIRTUAL = 2,
    SHADOW_ADDRESS_NESTED_PHYSICAL = 3,
};

struct event_record {
    __u64 time;         /* Of a call when it returned; in nanoseconds of the monotonic clock. */
    __u64 start;
    __u64 size;
    __u64 value;
    __u64 inode;        /* Of a guest_memfd; 0 = none. */
    __u32 thread;       /* As the reader knows it; 0 = another's, or the kernel's own. */
    __u16 kind;
    __s16 number;       /* Of the vCPU; of a memslot its id, with the address space in `address_space`; else -1. */
    /* From here on only calls have something, and only theirs are in the ring. */
    __u64 detail;
    __u64 inode_offset; /* Of a memslot in its guest_memfd. */
    __u32 duration;     /* In nanoseconds; 0 = an instant. */
    __s32 result;       /* 0 or more, or a negative errno. */
    __u16 address_space;
    __u16 padding[3];
};
#define SHORT_EVENT_SIZE __builtin_offsetof(struct event_record, detail)

struct recorder_state {
    /* Set by the reader before the walk: the fd that names the VM. */
    __u32 wanted_fd;
    /* Set by the walk. */
    __u32 found;
    struct vm_key vm;
    __u64 mm;
    __u64 reader_namespace;
    __u32 reader_level;
    __u32 padding;
    /* Set by the programs. */
    __u64 lost;
};
