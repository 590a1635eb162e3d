// SPDX-License-Identifier: Dual MIT/GPL
/*
 * Changes of VM-scope attributes, just before KVM makes them. The tracepoint lies before the lock that decides, and before
 * KVM looks whether anything is to be changed: of two at the same time either may be made first.
 */
#include "recorder.h"

#include <bpf/bpf_tracing.h>

#include "system_call.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* The tracepoint names no VM: that is the one which the ioctl under way was called on. */
SEC("tp_btf/kvm_vm_set_mem_attributes")
int BPF_PROG(attributes_changed, __u64 first, __u64 end, unsigned long attributes)
{
    if (!is_vmm_thread() || !is_recorded_vm(vm_of_file(file_of_call())))
        return 0;
    struct event_record *event = begin_event(EVENT_ATTRIBUTES_CHANGED);
    if (!event)
        return 0;
    event->start = first << 12;
    event->size = (end - first) << 12;
    event->value = attributes;
    put_event(event);
    return 0;
}
