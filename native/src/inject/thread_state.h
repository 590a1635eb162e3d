// What /proc says of one thread without stopping it. A thread may vanish between any two reads: that is no error.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace guestmem::inject {

/** As /proc/PID/status numbers it. */
enum class Seccomp { none = 0, strict = 1, filter = 2 };

struct ThreadState {
    /** As in /proc/PID/stat: R, S, D, T, t, Z, X … */
    char state;
    /** A thread that the kernel started in the process (vhost, io_uring, KVM's NX recovery): it runs no user code. */
    bool kernel_worker;
    /** Thread group of the tracer in our pid namespace, 0 without one. */
    pid_t tracer;
    Seccomp seccomp;
    bool has_shadow_stack;
    /** A signal that the thread does not block waits to be taken. */
    bool signal_pending;
};

struct CurrentCall {
    enum class Kind { not_permitted, running, user_mode, in_call };
    Kind kind;
    /** Set for in_call. */
    long number = -1;
    std::array<std::uint64_t, 6> arguments{};

    /** The request 0 stands for none. */
    bool is_ioctl(std::uint32_t request) const;
    /** Interrupted, it may go on by a call of another number, restart_syscall. */
    bool may_restart_by_block() const;
};

/** The threads of the process; empty when it is gone. */
std::vector<pid_t> list_threads(pid_t pid);

/** nullopt when `pid` has no such thread (any more). */
std::optional<ThreadState> read_thread_state(pid_t pid, pid_t tid);

/** Needs the right to trace the thread: what it is allowed to read here it is allowed to attach to. */
std::optional<CurrentCall> read_current_call(pid_t pid, pid_t tid);

}  // namespace guestmem::inject
