/* SPDX-License-Identifier: Dual MIT/GPL */
/* The arguments of a system call under way, and the file that it is made on. x86-64. */
#pragma once

#include "kernel_types.h"
#include "kvm_file.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
    unsigned long di, si, dx, r10, orig_ax;
};

struct fdtable {
    unsigned int max_fds;
    struct file **fd;
};

struct files_struct {
    struct fdtable *fdt;
};

struct task_struct___files {
    struct files_struct *files;
};

#pragma clang attribute pop

static __always_inline struct file *file_of_current(__u32 fd)
{
    struct task_struct___files *task = (void *)bpf_get_current_task_btf();
    struct fdtable *table = BPF_CORE_READ(task, files, fdt);
    struct file **files = BPF_CORE_READ(table, fd);
    struct file *file = 0;
    if (fd < BPF_CORE_READ(table, max_fds))
        bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
    return file;
}

/* The file that the call under way in this thread is made on, where its first argument is an fd. */
static __always_inline struct file *file_of_call(void)
{
    struct pt_regs *registers = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
    return file_of_current(BPF_CORE_READ(registers, di));
}
