// SPDX-License-Identifier: Dual MIT/GPL
/*
 * Where a vCPU stands, as it was at its last exit. It is not stopped for that: KVM leaves these values in memory that
 * the program only looks at.
 */
#include "kernel_types.h"
#include "kvm_file.h"
#include "vcpu_state.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Of <linux/kvm.h>, which older headers lack. */
#define KVM_EXIT_MEMORY_FAULT 39

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, VCPU_STATE_RECORDS);
    __type(key, __u32);
    __type(value, struct vcpu_state_record);
} records SEC(".maps");

struct vcpu_state_request state;

/* The VMM has this memory mapped and can write what it likes there: what is read is only shown. */
static __always_inline void read_exit(struct kvm_run *run, struct vcpu_state_record *record)
{
    record->has_memory_fault = 0;
    record->exit_reason = BPF_CORE_READ(run, exit_reason);
    /* The details are in a union: with any other reason they are something else's. */
    if (record->exit_reason != KVM_EXIT_MEMORY_FAULT || !bpf_core_field_exists(run->memory_fault))
        return;
    record->memory_fault_flags = BPF_CORE_READ(run, memory_fault.flags);
    record->memory_fault_gpa = BPF_CORE_READ(run, memory_fault.gpa);
    record->memory_fault_size = BPF_CORE_READ(run, memory_fault.size);
    /* KVM changes the reason when the vCPU runs on, before it uses the union for another exit. */
    record->exit_reason = BPF_CORE_READ(run, exit_reason);
    record->has_memory_fault = record->exit_reason == KVM_EXIT_MEMORY_FAULT;
}

static __always_inline __u64 available_registers(struct kvm_vcpu *vcpu)
{
    struct kvm_vcpu___bitmap *with_bitmap = (void *)vcpu;
    if (bpf_core_field_exists(with_bitmap->arch.regs_avail))
        return BPF_CORE_READ(with_bitmap, arch.regs_avail[0]);
    if (bpf_core_field_exists(vcpu->arch.regs_avail))
        return BPF_CORE_READ(vcpu, arch.regs_avail);
    return 0;
}

static __always_inline __u64 rip_bit(void)
{
    if (bpf_core_enum_value_exists(enum kvm_reg, VCPU_REGS_RIP))
        return 1ull << bpf_core_enum_value(enum kvm_reg, VCPU_REGS_RIP);
    if (bpf_core_enum_value_exists(enum kvm_reg, VCPU_REG_RIP))
        return 1ull << bpf_core_enum_value(enum kvm_reg, VCPU_REG_RIP);
    return 0;
}

static __always_inline __u64 cr3_bit(void)
{
    if (bpf_core_enum_value_exists(enum kvm_reg, VCPU_EXREG_CR3))
        return 1ull << bpf_core_enum_value(enum kvm_reg, VCPU_EXREG_CR3);
    if (bpf_core_enum_value_exists(enum kvm_reg, VCPU_REG_CR3))
        return 1ull << bpf_core_enum_value(enum kvm_reg, VCPU_REG_CR3);
    return 0;
}

static __always_inline __u64 read_rip(struct kvm_vcpu *vcpu)
{
    struct kvm_vcpu___rip *with_rip = (void *)vcpu;
    if (bpf_core_field_exists(with_rip->arch.rip))
        return BPF_CORE_READ(with_rip, arch.rip);
    return BPF_CORE_READ(vcpu, arch.regs[VCPU_REGS_RIP]);
}

/*
 * On Intel KVM takes a register out of the VMCS when it first needs it after an exit, and has a former value until then;
 * it notes which are current. An encrypted guest's registers it never has.
 */
static __always_inline void read_registers(struct kvm_vcpu *vcpu, struct vcpu_state_record *record)
{
    __u64 available = available_registers(vcpu);
    if (bpf_core_field_exists(vcpu->arch.guest_state_protected) && BPF_CORE_READ(vcpu, arch.guest_state_protected))
        available = 0;
    record->has_rip = (available & rip_bit()) != 0;
    record->has_cr3 = (available & cr3_bit()) != 0;
    record->rip = read_rip(vcpu);
    record->cr3 = BPF_CORE_READ(vcpu, arch.cr3);
}

/*
 * How the guest's virtual addresses lead to physical ones. Of CR0, CR4 and EFER these are bits that a guest never changes
 * without an exit, so that KVM's values hold while it runs.
 */
static __always_inline void read_paging(struct kvm_vcpu *vcpu, struct vcpu_state_record *record)
{
    struct kvm_mmu *mmu = BPF_CORE_READ(vcpu, arch.mmu);
    record->has_paging = mmu && !(bpf_core_field_exists(vcpu->arch.guest_state_protected) &&
                                  BPF_CORE_READ(vcpu, arch.guest_state_protected));
    if (!record->has_paging)
        return;
    record->cr0 = BPF_CORE_READ(vcpu, arch.cr0);
    record->cr4 = BPF_CORE_READ(vcpu, arch.cr4);
    record->efer = BPF_CORE_READ(vcpu, arch.efer);
    record->address_space = BPF_CORE_READ_BITFIELD_PROBED(mmu, root_role.smm) ? 1 : 0;
    record->nested = (void *)mmu != (void *)vcpu + bpf_core_field_offset(struct kvm_vcpu, arch.root_mmu);
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct file *file = process_file(context);
    if (!file || context->fd != state.wanted_fd || !is_released_by(file, &kvm_vcpu_release))
        return 0;
    __u32 first = 0;
    struct vcpu_state_record *record = bpf_map_lookup_elem(&records, &first);
    if (!record)
        return 0;
    struct kvm_vcpu *vcpu = file->private_data;
    read_exit(BPF_CORE_READ(vcpu, run), record);
    read_registers(vcpu, record);
    read_paging(vcpu, record);
    record->physical_address_bits = bpf_core_field_exists(vcpu->arch.maxphyaddr) ? BPF_CORE_READ(vcpu, arch.maxphyaddr) : 0;
    state.found = 1;
    return 0;
}
