// SPDX-License-Identifier: Dual MIT/GPL
/* The KVM files among a process's file descriptors: VMs, vCPUs and guest_memfds. */
#include "kernel_types.h"
#include "kvm_file.h"
#include "kvm_files.bpf.h"
#include "reader_pid.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, KVM_FILE_RECORDS);
    __type(key, __u32);
    __type(value, struct kvm_files_record);
} records SEC(".maps");

struct kvm_files_state state;

static __always_inline void record_file(__u32 fd, __u32 kind, struct kvm *kvm, struct kvm_vcpu *vcpu)
{
    __u32 index = state.count;
    struct kvm_files_record *record = bpf_map_lookup_elem(&records, &index);
    if (!record) {
        state.next_fd = fd;
        return;
    }
    record->fd = fd;
    record->kind = kind;
    fill_vm_key(&record->vm, kvm);
    record->vcpu = vcpu ? BPF_CORE_READ(vcpu, vcpu_id) : 0;
    record->tid = vcpu ? thread_id_for_reader(BPF_CORE_READ(vcpu, pid)) : 0;
    state.count = index + 1;
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct file *file = process_file(context);
    __u32 fd = context->fd;
    if (!file || fd < state.first_fd || fd > state.last_fd || state.next_fd)
        return 0;
    if (is_released_by(file, &kvm_vm_release)) {
        record_file(fd, KVM_FILE_VM, file->private_data, 0);
    } else if (is_released_by(file, &kvm_vcpu_release)) {
        struct kvm_vcpu *vcpu = file->private_data;
        record_file(fd, KVM_FILE_VCPU, BPF_CORE_READ(vcpu, kvm), vcpu);
    } else if (is_released_by(file, &kvm_gmem_release)) {
        record_file(fd, KVM_FILE_GUEST_MEMFD, kvm_of_guest_memfd(file->private_data), 0);
    }
    return 0;
}
