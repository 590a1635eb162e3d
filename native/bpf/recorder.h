/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * What all recorders have: the ring that they write to, the walk that finds the VM to record, and how an event is begun
 * and ended. A recorder is one object with the tracepoints that belong together; one that this kernel lacks takes away
 * its own events and no others.
 */
#pragma once

#include "kernel_types.h"
#include "kvm_file.h"
#include "reader_pid.h"
#include "recorder.bpf.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, RECORDER_RING_SIZE);
} records SEC(".maps");

struct recorder_state state;

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct kvm *kvm = wanted_vm(context, state.wanted_fd);
    if (!kvm)
        return 0;
    struct task_struct *reader = bpf_get_current_task_btf();
    struct pid *reader_pid = BPF_CORE_READ(reader, thread_pid);
    struct upid number = {};
    state.reader_level = BPF_CORE_READ(reader_pid, level);
    read_number(reader_pid, state.reader_level, &number);
    state.reader_namespace = (__u64)number.ns;
    state.mm = (__u64)BPF_CORE_READ(kvm, mm);
    fill_vm_key(&state.vm, kvm);
    state.found = 1;
    return 0;
}

static __always_inline bool is_recorded_vm(const struct kvm *kvm)
{
    return (__u64)kvm == state.vm.kvm;
}

/* KVM takes calls on a VM from threads with its own memory alone. */
static __always_inline bool is_vmm_thread(void)
{
    return state.mm && (__u64)bpf_get_current_task_btf()->mm == state.mm;
}

/* What the reader calls the thread that runs; 0 when it is out of the reader's sight. */
static __always_inline __u32 current_thread(void)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct upid number = {};
    struct pid *pid;

    if (state.reader_level == 0)
        return BPF_CORE_READ(task, pid);
    pid = BPF_CORE_READ(task, thread_pid);
    if (!pid || state.reader_level > BPF_CORE_READ(pid, level))
        return 0;
    read_number(pid, state.reader_level, &number);
    return (__u64)number.ns == state.reader_namespace ? number.nr : 0;
}

static __always_inline void count_loss(void)
{
    __sync_fetch_and_add(&state.lost, 1);
}

/* An event at this moment, to be filled in and put; NULL when the ring is full, which is counted. */
static __always_inline struct event_record *begin_event_of_size(enum event_kind kind, __u64 size)
{
    struct event_record *event = bpf_ringbuf_reserve(&records, size, 0);
    if (!event) {
        count_loss();
        return 0;
    }
    __builtin_memset(event, 0, size);
    event->time = bpf_ktime_get_ns();
    event->kind = kind;
    event->number = -1;
    event->thread = current_thread();
    return event;
}

/* Without the fields that only calls have. */
static __always_inline struct event_record *begin_event(enum event_kind kind)
{
    return begin_event_of_size(kind, SHORT_EVENT_SIZE);
}

static __always_inline void put_event(struct event_record *event)
{
    bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}
