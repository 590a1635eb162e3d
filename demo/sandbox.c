/*
 * A seccomp filter on all threads, as some VMMs have. It ends the process that calls restart_syscall and, as asked,
 * one that changes memory attributes; it lets everything else through.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "demo.h"

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))

int enter_sandbox(bool may_convert)
{
    struct sock_filter filter[] = {
        LOAD(nr),
        SKIP_UNLESS(SYS_restart_syscall, 1),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        SKIP_UNLESS(SYS_ioctl, 3),
        LOAD(args[1]), /* its low half; the number of an ioctl has no more */
        SKIP_UNLESS((uint32_t)KVM_SET_MEMORY_ATTRIBUTES, 1),
        RETURN(may_convert ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS),
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        return errno;
    return 0;
}
