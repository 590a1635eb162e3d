/* SPDX-License-Identifier: Dual MIT/GPL */
/* Recognises KVM's files in an iteration over a process's file descriptors. */
#pragma once

#include "kernel_types.h"
#include "vm_key.bpf.h"

/* Functions of KVM, addressed through kallsyms: in a module or built in. Weak: absent ones have address 0. */
extern const void kvm_vm_release __ksym __weak;
extern const void kvm_vcpu_release __ksym __weak;
extern const void kvm_gmem_release __ksym __weak;

/* A KVM file is known by its release function, which no other kind of file has. */
static __always_inline bool is_released_by(struct file *file, const void *release)
{
    return release && BPF_CORE_READ(file, f_op, release) == release;
}

/*
 * The file at this step of an iter/task_file, or NULL when there is none. Threads of one process may have descriptor
 * tables of their own (unshare(CLONE_FILES)); the process's is the leader's.
 */
static __always_inline struct file *process_file(struct bpf_iter__task_file *context)
{
    struct task_struct *task = context->task;
    struct file *file = context->file;
    return task && file && task->pid == task->tgid ? file : 0;
}

static __always_inline struct kvm *kvm_of_guest_memfd(void *private_data)
{
    if (bpf_core_type_exists(struct gmem_file)) {
        struct gmem_file *gmem = private_data;
        return BPF_CORE_READ(gmem, kvm);
    }
    if (bpf_core_type_exists(struct kvm_gmem)) {
        struct kvm_gmem *gmem = private_data;
        return BPF_CORE_READ(gmem, kvm);
    }
    return 0;
}

/*
 * The VM of a KVM file, or NULL for other files. Every KVM file will do: vCPUs and guest_memfds hold a reference to
 * their VM, which lives on through them when its own fds are closed.
 */
static __always_inline struct kvm *vm_of_file(struct file *file)
{
    void *private_data = BPF_CORE_READ(file, private_data);
    if (is_released_by(file, &kvm_vm_release))
        return private_data;
    if (is_released_by(file, &kvm_vcpu_release)) {
        struct kvm_vcpu *vcpu = private_data;
        return BPF_CORE_READ(vcpu, kvm);
    }
    return is_released_by(file, &kvm_gmem_release) ? kvm_of_guest_memfd(private_data) : 0;
}

/* The VM at the step of an iter/task_file that comes to `wanted_fd`; NULL at the others. */
static __always_inline struct kvm *wanted_vm(struct bpf_iter__task_file *context, __u32 wanted_fd)
{
    struct file *file = process_file(context);
    return file && context->fd == wanted_fd ? vm_of_file(file) : 0;
}

static __always_inline void fill_vm_key(struct vm_key *key, struct kvm *kvm)
{
    key->kvm = (__u64)kvm;
    key->debugfs_inode = BPF_CORE_READ(kvm, debugfs_dentry, d_inode, i_ino);
}
