// SPDX-License-Identifier: Dual MIT/GPL
/*
 * What the guest's accesses lead to: faults into KVM, the mappings that KVM makes for them, exits to the VMM that ask for a
 * conversion, conversions that the guest asks for, and what the host takes back from it.
 */
#include "recorder.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define KVM_EXIT_MEMORY_FAULT 39
#define KVM_HC_MAP_GPA_RANGE 12

/* The vCPU whose fault a thread handles. A MEMORY_FAULT exit follows its fault, and the tracepoint of exits names none. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 8192);
    __type(key, __u64);
    __type(value, __u64);
} faulting SEC(".maps");

SEC("tp_btf/kvm_page_fault")
int BPF_PROG(guest_faulted, struct kvm_vcpu *vcpu, __u64 gpa, __u64 error_code)
{
    if (!is_recorded_vm(BPF_CORE_READ(vcpu, kvm)))
        return 0;
    __u64 thread = bpf_get_current_pid_tgid();
    __u64 address = (__u64)vcpu;
    bpf_map_update_elem(&faulting, &thread, &address, BPF_ANY);
    struct event_record *event = begin_event(EVENT_FAULT);
    if (!event)
        return 0;
    event->start = gpa;
    event->value = error_code;
    event->number = (__s16)BPF_CORE_READ(vcpu, vcpu_id);
    put_event(event);
    return 0;
}

SEC("tp_btf/kvm_mmu_set_spte")
int BPF_PROG(guest_mapped, int level, __u64 gfn, __u64 *entry)
{
    if (!is_vmm_thread())
        return 0;
    struct event_record *event = begin_event(EVENT_MAPPED);
    if (!event)
        return 0;
    event->start = gfn << 12;
    event->size = 4096ull << ((level - 1) * 9 & 31);
    put_event(event);
    return 0;
}

SEC("tp_btf/kvm_userspace_exit")
int BPF_PROG(exited, __u32 reason, int error)
{
    if (reason != KVM_EXIT_MEMORY_FAULT || !is_vmm_thread())
        return 0;
    __u64 thread = bpf_get_current_pid_tgid();
    __u64 *address = bpf_map_lookup_elem(&faulting, &thread);
    struct event_record *event = begin_event(EVENT_MEMORY_FAULT_EXIT);
    if (!event)
        return 0;
    if (address && bpf_core_field_exists(((struct kvm_run *)0)->memory_fault)) {
        struct kvm_vcpu *vcpu = (void *)*address;
        event->number = (__s16)BPF_CORE_READ(vcpu, vcpu_id);
        event->value = BPF_CORE_READ(vcpu, run, memory_fault.flags);
        event->start = BPF_CORE_READ(vcpu, run, memory_fault.gpa);
        event->size = BPF_CORE_READ(vcpu, run, memory_fault.size);
    }
    event->result = error;
    put_event(event);
    return 0;
}

SEC("tp_btf/kvm_hypercall")
int BPF_PROG(guest_called, unsigned long number, unsigned long gpa, unsigned long pages, unsigned long attributes)
{
    if (number != KVM_HC_MAP_GPA_RANGE || !is_vmm_thread())
        return 0;
    struct event_record *event = begin_event(EVENT_CONVERSION_ASKED);
    if (!event)
        return 0;
    event->start = gpa;
    event->size = pages << 12;
    event->value = attributes;
    put_event(event);
    return 0;
}

/* The tracepoint names no VM: what another process makes the host take back (reclaim, migration) is not seen. */
SEC("tp_btf/kvm_unmap_hva_range")
int BPF_PROG(host_unmapped, unsigned long start, unsigned long end)
{
    if (!is_vmm_thread())
        return 0;
    struct event_record *event = begin_event(EVENT_UNMAPPED);
    if (!event)
        return 0;
    event->start = start;
    event->size = end - start;
    put_event(event);
    return 0;
}
