// What is asked of the library: which process, which call, and which threads had better be left alone.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "outcome.h"

namespace guestmem::inject {

using Clock = std::chrono::steady_clock;

/** Every wait of one injection, refusals included, ends within this time; taking back what was not begun comes on top. */
constexpr std::chrono::milliseconds time_limit{2000};

/** A process named by number and held by pidfd, so that the number cannot come to mean another process unnoticed. */
struct Target {
    pid_t pid;
    int pidfd;

    bool has_exited() const;
};

/** Bytes that one argument of the call points to. The kernel only reads them: nothing is copied back. */
struct Payload {
    static constexpr std::size_t capacity = 64;
    std::array<std::uint8_t, capacity> bytes{};
    std::size_t size = 0;
    std::size_t argument = 0;
};

struct SystemCall {
    long number = -1;
    std::array<std::uint64_t, 6> arguments{};
    /** With `size` 0 no argument is replaced by a pointer. */
    Payload payload;
};

struct ThreadPreference {
    /** Used only when no other thread can do it. */
    std::set<pid_t> last_resort;
    /** The one thread that may do it; 0: any. */
    pid_t only = 0;
    /** An ioctl request (0 = none) whose callers are left alone while they are in it; it may safely be restarted. */
    std::uint32_t busy_ioctl = 0;
    /** For people. */
    std::string busy_name;
};

/** Told the name of each step once the step is taken; tests use it to die there. */
using StepObserver = std::function<void(const char* step)>;

struct Request {
    Target target;
    SystemCall call;
    ThreadPreference preference;
    /**
     * Where the filters of every thread forbid the call, one thread makes it while they are suspended for it. Should we die
     * between the call's entry and its passing the filters, they are asked after all, and a filter that kills kills the
     * process. That is microseconds, or as long as a thread waits for a processor.
     */
    bool may_suspend_seccomp = false;
    /** Asked before each attempt to stop a thread: whether the call still means what it did. Empty: it always does. */
    std::function<std::optional<Refused>()> precondition;
    StepObserver observer;
};

}  // namespace guestmem::inject
