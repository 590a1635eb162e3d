// One process, held so that its number cannot come to mean another one unnoticed.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/unique_fd.h"

namespace guestmem::proc {

class Process {
  public:
    /** Throws ESRCH when there is no such process, EINVAL for a thread. */
    explicit Process(pid_t pid);

    pid_t pid() const { return pid_; }
    int pidfd() const { return pidfd_.get(); }
    /** /proc/PID, which stays bound to this process. */
    int directory() const { return directory_.get(); }
    /** "process 412", for messages. */
    std::string description() const { return "process " + std::to_string(pid_); }

    /** False once the process has exited, reaped or not. */
    bool alive() const;
    /**
     * Keeps other holders of this process from changing it until this object ends; false when another one does already.
     * The kernel keeps the lock with /proc/PID, so it holds between all who see the same /proc, whoever they are.
     */
    bool try_lock() const;
    /** What was read by number before this call was read from this process; throws ESRCH otherwise. */
    void require_alive() const;

  private:
    pid_t pid_;
    UniqueFd pidfd_;
    UniqueFd directory_;
};

}  // namespace guestmem::proc
