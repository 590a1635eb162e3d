/* SPDX-License-Identifier: Dual MIT/GPL */
/* Threads and processes by the numbers that the reader, whose system call runs the program, knows them by. */
#pragma once

#include "kernel_types.h"

static __always_inline void read_number(struct pid *pid, __u32 level, struct upid *number)
{
    void *numbers = (void *)pid + bpf_core_field_offset(struct pid, numbers);
    struct upid *source = numbers + level * bpf_core_type_size(struct upid);
    number->nr = BPF_CORE_READ(source, nr);
    number->ns = BPF_CORE_READ(source, ns);
}

/* What the reader calls this thread; 0 when it has exited or is out of the reader's sight. As the kernel's pid_nr_ns. */
static __always_inline __u32 thread_id_for_reader(struct pid *pid)
{
    struct task_struct *reader = bpf_get_current_task_btf();
    struct pid *reader_pid = BPF_CORE_READ(reader, thread_pid);
    __u32 level = BPF_CORE_READ(reader_pid, level);
    struct upid reader_number = {}, number = {};

    if (!pid || !BPF_CORE_READ(pid, tasks[0].first) || level > BPF_CORE_READ(pid, level))
        return 0;
    read_number(reader_pid, level, &reader_number);
    read_number(pid, level, &number);
    return number.ns == reader_number.ns ? number.nr : 0;
}
