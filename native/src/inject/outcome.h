// What came of an attempt to execute a system call inside another process. Values only: nothing here is thrown.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <variant>

namespace guestmem::inject {

enum class Reason {
    seccomp,        // every thread that could do it runs under a seccomp filter
    traced,         // another process traces the target
    no_thread,      // no thread can do it now
    gone,           // the process has exited
    not_permitted,  // no right to trace it
    unsupported,    // a kind of task, or a vDSO, that the method cannot serve
};

/** The call was not made, and the process is as it was found. */
struct Refused {
    Reason reason;
    std::string detail;
    pid_t tracer = 0;
};

/** The call was made. */
struct Returned {
    /** As the kernel returns it: a negative errno is a failure. */
    long value;
    pid_t tid;
    std::chrono::microseconds stopped{};
    /** The thread's seccomp filters, which forbid the call, were suspended for it. */
    bool seccomp_suspended = false;
};

/** The call was begun and its end not seen. The thread restores itself when the call returns. */
struct Unknown {
    std::string detail;
    pid_t tid;
    std::chrono::microseconds stopped{};
};

using Outcome = std::variant<Returned, Refused, Unknown>;

}  // namespace guestmem::inject
