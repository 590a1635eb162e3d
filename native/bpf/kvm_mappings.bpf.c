// SPDX-License-Identifier: Dual MIT/GPL
/*
 * Where processes have KVM files mapped: a vCPU's kvm_run, a guest_memfd. A mapping keeps its file, and that the VM,
 * after the file's last fd was closed.
 *
 * The kernel's iterator over a process's mappings (Linux 6.7) only tries the mmap lock, so a process that is stuck with
 * it does not hold up the reader.
 */
#include <linux/errno.h>

#include "kernel_types.h"
#include "kvm_file.h"
#include "kvm_mappings.bpf.h"
#include "reader_pid.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, KVM_MAPPING_RECORDS);
    __type(key, __u32);
    __type(value, struct kvm_mapping_record);
} records SEC(".maps");

struct kvm_mappings_state state;

/* What one run may look at, in mappings, some milliseconds; a caller goes on from there. A process costs as much as many. */
#define MAPPINGS_PER_RUN 65536
#define MAPPINGS_PER_PROCESS 128

extern int bpf_iter_task_vma_new(struct bpf_iter_task_vma *iterator, struct task_struct *task, __u64 address) __ksym __weak;
extern struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *iterator) __ksym __weak;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *iterator) __ksym __weak;

static __always_inline struct kvm_mapping_record *add_record(__u32 pid, __u32 kind)
{
    __u32 index = state.count;
    struct kvm_mapping_record *record = bpf_map_lookup_elem(&records, &index);
    if (!record)
        return 0;
    record->pid = pid;
    record->kind = kind;
    state.count = index + 1;
    return record;
}

/* False when the records are full. */
static __always_inline bool record_mapping(__u32 pid, struct vm_area_struct *mapping)
{
    struct file *file = BPF_CORE_READ(mapping, vm_file);
    if (!file)
        return true;
    bool is_vcpu = is_released_by(file, &kvm_vcpu_release);
    if (!is_vcpu && !is_released_by(file, &kvm_gmem_release))
        return true;
    struct kvm_mapping_record *record = add_record(pid, is_vcpu ? KVM_MAPPING_VCPU : KVM_MAPPING_GUEST_MEMFD);
    if (!record)
        return false;
    record->start = BPF_CORE_READ(mapping, vm_start);
    record->end = BPF_CORE_READ(mapping, vm_end);
    record->first_page = BPF_CORE_READ(mapping, vm_pgoff);
    record->rights = BPF_CORE_READ(mapping, vm_flags) & (KVM_MAPPING_READ | KVM_MAPPING_WRITE | KVM_MAPPING_EXECUTE);
    record->inode = BPF_CORE_READ(file, f_inode, i_ino);
    fill_vm_key(&record->vm, vm_of_file(file));
    return true;
}

static __always_inline void visit_mappings(struct task_struct *task, __u32 pid, __u64 address)
{
    struct bpf_iter_task_vma iterator;
    struct vm_area_struct *mapping;

    state.seen += MAPPINGS_PER_PROCESS;
    int error = bpf_iter_task_vma_new(&iterator, task, address);
    bool room = error != -EBUSY || add_record(pid, KVM_MAPPING_BUSY);
    while ((mapping = bpf_iter_task_vma_next(&iterator))) {
        address = BPF_CORE_READ(mapping, vm_start);
        room = state.seen < MAPPINGS_PER_RUN && record_mapping(pid, mapping);
        if (!room)
            break;
        state.seen++;
    }
    if (!room) {
        state.next_pid = pid;
        state.next_address = address;
    }
    bpf_iter_task_vma_destroy(&iterator);
}

SEC("iter/task")
int walk(struct bpf_iter__task *context)
{
    struct task_struct *task = context->task;
    if (!task || task->pid != task->tgid || !task->mm || state.next_pid)
        return 0;
    /* As a plain address: verifiers before Linux 6.2 refuse to add to one whose type they know. */
    __u32 pid = thread_id_for_reader(BPF_CORE_READ(task, thread_pid));
    if (!pid || pid < state.first_pid)
        return 0;
    if (bpf_core_type_exists(struct bpf_iter_task_vma_kern)) {
        state.supported = 1;
        visit_mappings(task, pid, pid == state.first_pid ? state.first_address : 0);
    }
    return 0;
}
