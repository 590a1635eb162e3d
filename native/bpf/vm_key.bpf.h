/* SPDX-License-Identifier: Dual MIT/GPL */
/* Shared by BPF and C++. */
#pragma once

#include <linux/types.h>

/*
 * Tells one `struct kvm` from another. The pointer alone does not: the memory of a destroyed VM is reused, often by the
 * same VMM's next one. The inode number of the VM's debugfs folder counts up with every VM; 0 where there is no debugfs.
 */
struct vm_key {
    __u64 kvm;
    __u64 debugfs_inode;
};
