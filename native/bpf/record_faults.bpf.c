// SPDX-License-Identifier: Dual MIT/GPL
/*
 * What the guest's accesses lead to: faults into KVM, the mappings that KVM makes for them, exits to the VMM that ask for a
 * conversion, conversions that the guest asks for, and what the host takes back from it.
 */
#include "recorder.h"

#include <bpf/bpf_tracing.h>

#include "system_call.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define KVM_EXIT_MEMORY_FAULT 39
#define KVM_HC_MAP_GPA_RANGE 12

/*
 * The vCPU on which this thread's call is made, where it is one of the recorded VM; else NULL. Most of these tracepoints
 * name neither VM nor vCPU, and a process may have several VMs.
 */
static __always_inline struct kvm_vcpu *recorded_vcpu(void)
{
    if (!is_vmm_thread())
        return 0;
    struct file *file = file_of_call();
    if (!is_released_by(file, &kvm_vcpu_release))
        return 0;
    struct kvm_vcpu *vcpu = BPF_CORE_READ(file, private_data);
    return is_recorded_vm(BPF_CORE_READ(vcpu, kvm)) ? vcpu : 0;
}

static __always_inline bool knows_shadow_mmu(struct kvm_mmu *mmu)
{
    return mmu && bpf_core_field_exists(mmu->root_role.direct) && bpf_core_field_exists(mmu->root_role.guest_mode);
}

/*
 * The MMU is the one that the vCPU ran with: it is exchanged only when the guest changes its paging, or begins or ends a
 * nested guest, and none of these happens between the exit and this tracepoint.
 */
static __always_inline enum shadow_address shadow_address_of(struct kvm_vcpu *vcpu, struct kvm_mmu *mmu)
{
    if ((void *)mmu != (void *)vcpu + bpf_core_field_offset(struct kvm_vcpu, arch.root_mmu))
        return SHADOW_ADDRESS_NESTED_PHYSICAL;
    return BPF_CORE_READ_BITFIELD_PROBED(mmu, root_role.guest_mode) ? SHADOW_ADDRESS_NESTED_VIRTUAL : SHADOW_ADDRESS_GUEST_VIRTUAL;
}

/*
 * The tracepoint's address is what KVM's tables are indexed by: a GPA where they are direct (EPT, NPT, or a guest that has
 * paging off); where they shadow page tables of a guest, the address that these translate.
 */
SEC("tp_btf/kvm_page_fault")
int BPF_PROG(guest_faulted, struct kvm_vcpu *vcpu, __u64 address, __u64 error_code)
{
    if (!is_recorded_vm(BPF_CORE_READ(vcpu, kvm)))
        return 0;
    struct kvm_mmu *mmu = BPF_CORE_READ(vcpu, arch.mmu);
    bool known = knows_shadow_mmu(mmu);
    bool is_gpa = known && BPF_CORE_READ_BITFIELD_PROBED(mmu, root_role.direct);
    struct event_record *event = begin_event(is_gpa ? EVENT_FAULT : EVENT_SHADOW_FAULT);
    if (!event)
        return 0;
    event->start = address;
    if (!is_gpa)
        event->size = known ? shadow_address_of(vcpu, mmu) : SHADOW_ADDRESS_UNKNOWN;
    event->value = error_code;
    event->number = (__s16)BPF_CORE_READ(vcpu, vcpu_id);
    put_event(event);
    return 0;
}

SEC("tp_btf/kvm_mmu_set_spte")
int BPF_PROG(guest_mapped, int level, __u64 gfn, __u64 *entry)
{
    if (!recorded_vcpu())
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
    struct kvm_vcpu *vcpu = reason == KVM_EXIT_MEMORY_FAULT ? recorded_vcpu() : 0;
    if (!vcpu)
        return 0;
    struct event_record *event = begin_event(EVENT_MEMORY_FAULT_EXIT);
    if (!event)
        return 0;
    event->number = (__s16)BPF_CORE_READ(vcpu, vcpu_id);
    if (bpf_core_field_exists(((struct kvm_run *)0)->memory_fault)) {
        event->value = BPF_CORE_READ(vcpu, run, memory_fault.flags);
        event->start = BPF_CORE_READ(vcpu, run, memory_fault.gpa);
        event->size = BPF_CORE_READ(vcpu, run, memory_fault.size);
    }
    put_event(event);
    return 0;
}

SEC("tp_btf/kvm_hypercall")
int BPF_PROG(guest_called, unsigned long number, unsigned long gpa, unsigned long pages, unsigned long attributes)
{
    if (number != KVM_HC_MAP_GPA_RANGE || !recorded_vcpu())
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

/*
 * The tracepoint names no VM: what another process makes the host take back (reclaim, migration) is not seen, and of a
 * process with several VMs it comes once for each.
 */
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
