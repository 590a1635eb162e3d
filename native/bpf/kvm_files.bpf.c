// SPDX-License-Identifier: Dual MIT/GPL
/* The KVM files among a process's file descriptors: VMs, vCPUs and guest_memfds. */
#include "kernel_types.h"
#include "kvm_file.h"
#include "kvm_files.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, KVM_FILE_RECORDS);
    __type(key, __u32);
    __type(value, struct kvm_files_record);
} records SEC(".maps");

struct kvm_files_state state;

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
