// One thread of another process, traced by the calling thread. Every ptrace request of the library is made here.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

#include "registers.h"
#include "request.h"
#include "seccomp_program.h"

namespace guestmem::inject {

struct Stop {
    enum class Kind {
        interrupted,  // by interrupt()
        system_call,  // at its entry or its exit
        signal,       // about to be delivered: hand `signal` on when detaching
        job_control,  // the whole process is being stopped (SIGSTOP and its like)
        gone,         // the thread has died
        timeout,      // still running
    };
    Kind kind;
    int signal = 0;
};

/**
 * Detaching needs a stopped thread. One that does not stop (it sleeps uninterruptibly) is let go only by the end of the
 * *tracing* thread, which the kernel treats like any tracer's death; so does a thread that died while it was traced,
 * whose remains would otherwise wait for us and keep its process from being reaped. Hence the rule: one Attachment, one
 * short-lived tracing thread.
 */
class Attachment {
  public:
    /** Attaches without stopping. `error()` tells whether it worked. */
    Attachment(pid_t tid, const StepObserver& observer);
    ~Attachment() { detach(); }
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

    /** errno of attaching, 0 when attached. */
    int error() const { return error_; }

    bool interrupt();
    /** Runs on to the next entry to or exit from a system call, or to whatever comes first. */
    bool resume_to_system_call(const char* step = "resume to system call");
    Stop wait(Clock::time_point deadline);

    bool read(Registers& registers);
    bool write(const Registers& registers, const char* step = "write registers");
    bool write_word(std::uint64_t address, long word);
    /** The `index`th of the stacked filters, newest first. Returns an errno: ENOENT behind the last one. */
    int read_seccomp_filter(unsigned index, SeccompProgram& program);
    /** The thread's filters are not asked until it is detached. Returns an errno. */
    int suspend_seccomp();
    /** The thread's last way into the kernel was the 64-bit one (not int $0x80, not a 32-bit program). */
    bool uses_64_bit_calls();

    void detach(int signal = 0);

    /** From the first interrupt() until detach(). */
    std::chrono::microseconds stopped() const;

    /** For steps that are not ptrace requests. */
    void observe(const char* step) const;

  private:
    long request(const char* step, int request, std::uintptr_t address, std::uintptr_t data);

    const pid_t tid_;
    const StepObserver& observer_;
    int error_ = 0;
    bool attached_ = false;
    Clock::time_point interrupted_at_{};
    Clock::time_point detached_at_{};
};

}  // namespace guestmem::inject
