// SPDX-License-Identifier: Dual MIT/GPL
/*
 * The VMM's calls that change guest memory, with their results and how long they took: memslots, attributes, the making of
 * guest_memfds, and fallocate on them. While this is attached, every system call of every process pays for the look at its
 * number, some tenths of a microsecond; so it is attached only while somebody watches.
 */
#include "recorder.h"

#include <bpf/bpf_tracing.h>

#include "system_call.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* x86-64. */
#define NR_IOCTL 16
#define NR_FALLOCATE 285
#define SET_USER_MEMORY_REGION 0x4020ae46
#define SET_USER_MEMORY_REGION2 0x40a0ae49
#define SET_MEMORY_ATTRIBUTES 0x4020aed2
#define SET_MEMORY_ATTRIBUTES2 0xc080aed2
#define CREATE_GUEST_MEMFD 0xc040aed4

#define FALLOC_FL_PUNCH_HOLE 2
#define KVM_MEM_GUEST_MEMFD 4

/* The last two fields are not in the older of the calls that set a memslot. */
struct memslot_argument {
    __u32 slot;
    __u32 flags;
    __u64 gpa;
    __u64 size;
    __u64 hva;
    __u64 guest_memfd_offset;
    __u32 guest_memfd;
};
#define OLD_MEMSLOT_ARGUMENT_SIZE 32

/* `start` is a GPA, or an offset where the call is made on a guest_memfd; `error_offset` is in the newer call alone. */
struct attributes_argument {
    __u64 start;
    __u64 size;
    __u64 attributes;
    __u64 flags;
    __u64 error_offset;
};

struct guest_memfd_argument {
    __u64 size;
    __u64 flags;
};

/* The call under way of a thread: what was asked, as the caller's memory had it before the call; of kind 0 = none. */
struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct event_record);
} calls SEC(".maps");

static __always_inline bool is_recorded_command(__u32 command)
{
    switch (command) {
    case SET_USER_MEMORY_REGION:
    case SET_USER_MEMORY_REGION2:
    case SET_MEMORY_ATTRIBUTES:
    case CREATE_GUEST_MEMFD:
        /* KVM takes these from threads with the VM's own memory alone. */
        return is_vmm_thread();
    case SET_MEMORY_ATTRIBUTES2:
        return true;
    }
    return false;
}

/* 0 where it is none. */
static __always_inline __u64 inode_of_guest_memfd(struct file *file)
{
    return is_released_by(file, &kvm_gmem_release) ? BPF_CORE_READ(file, f_inode, i_ino) : 0;
}

static __always_inline void describe_ioctl(struct event_record *call, struct file *file, __u32 command, const void *argument)
{
    union {
        struct memslot_argument memslot;
        struct attributes_argument attributes;
        struct guest_memfd_argument guest_memfd;
    } asked = {};
    switch (command) {
    case SET_USER_MEMORY_REGION:
    case SET_USER_MEMORY_REGION2:
        if (command == SET_USER_MEMORY_REGION)
            bpf_probe_read_user(&asked.memslot, OLD_MEMSLOT_ARGUMENT_SIZE, argument);
        else
            bpf_probe_read_user(&asked.memslot, sizeof(asked.memslot), argument);
        call->kind = EVENT_MEMSLOT;
        call->number = (__s16)asked.memslot.slot;
        call->address_space = asked.memslot.slot >> 16;
        call->start = asked.memslot.gpa;
        call->size = asked.memslot.size;
        call->value = asked.memslot.flags;
        call->detail = asked.memslot.hva;
        if (command == SET_USER_MEMORY_REGION2 && asked.memslot.flags & KVM_MEM_GUEST_MEMFD) {
            call->inode = inode_of_guest_memfd(file_of_current(asked.memslot.guest_memfd));
            call->inode_offset = asked.memslot.guest_memfd_offset;
        }
        break;
    case SET_MEMORY_ATTRIBUTES:
    case SET_MEMORY_ATTRIBUTES2:
        /* All but its last field, which only the answer has. */
        bpf_probe_read_user(&asked.attributes, sizeof(asked.attributes) - sizeof(asked.attributes.error_offset), argument);
        call->inode = inode_of_guest_memfd(file);
        call->kind = call->inode ? EVENT_GUEST_MEMFD_ATTRIBUTES : EVENT_ATTRIBUTES;
        call->start = asked.attributes.start;
        call->size = asked.attributes.size;
        call->value = asked.attributes.attributes;
        break;
    case CREATE_GUEST_MEMFD:
        bpf_probe_read_user(&asked.guest_memfd, sizeof(asked.guest_memfd), argument);
        call->kind = EVENT_GUEST_MEMFD;
        call->size = asked.guest_memfd.size;
        call->value = asked.guest_memfd.flags;
        break;
    }
}

/* A guest_memfd is also allocated from outside of the VMM, by who was given its fd. */
static __always_inline void describe_fallocate(struct event_record *call, struct file *file, struct pt_regs *registers)
{
    call->inode = inode_of_guest_memfd(file);
    if (!call->inode)
        return;
    call->kind = registers->si & FALLOC_FL_PUNCH_HOLE ? EVENT_PUNCH : EVENT_ALLOCATE;
    call->start = registers->dx;
    call->size = registers->r10;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(call_begins, struct pt_regs *registers, long number)
{
    if (number != NR_IOCTL && number != NR_FALLOCATE)
        return 0;
    /* QEMU passes the command with its sign extended. */
    __u32 command = registers->si;
    if (number == NR_IOCTL && !is_recorded_command(command))
        return 0;
    struct file *file = file_of_current(registers->di);
    if (!is_recorded_vm(vm_of_file(file)))
        return 0;
    struct event_record *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
    if (!call) {
        count_loss();
        return 0;
    }
    __builtin_memset(call, 0, sizeof(*call));
    call->number = -1;
    if (number == NR_IOCTL)
        describe_ioctl(call, file, command, (void *)registers->dx);
    else
        describe_fallocate(call, file, registers);
    call->time = bpf_ktime_get_ns(); /* Until it returns. */
    return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(call_ended, struct pt_regs *registers, long result)
{
    long number = registers->orig_ax;
    if (number != NR_IOCTL && number != NR_FALLOCATE)
        return 0;
    struct event_record *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, 0);
    if (!call || call->kind == 0)
        return 0;
    struct event_record *event = begin_event_of_size(call->kind, sizeof(*event));
    if (event) {
        __u32 thread = event->thread;
        __u64 end = event->time;
        *event = *call;
        event->time = end;
        event->thread = thread;
        event->duration = end - call->time > ~0u ? ~0u : end - call->time;
        event->result = result;
        if (event->kind == EVENT_GUEST_MEMFD && result >= 0)
            event->inode = inode_of_guest_memfd(file_of_current(result));
        if (event->kind == EVENT_GUEST_MEMFD_ATTRIBUTES && result < 0) {
            struct attributes_argument *argument = (void *)registers->dx;
            bpf_probe_read_user(&event->detail, sizeof(event->detail), &argument->error_offset);
        }
        put_event(event);
    }
    call->kind = 0;
    return 0;
}
