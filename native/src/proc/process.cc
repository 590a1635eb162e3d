#include "proc/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "base/system_error.h"

namespace guestmem::proc {

Process::Process(pid_t pid) : pid_(pid) {
    const std::string operation = "open " + description();
    if (pid <= 0) throw SystemError(EINVAL, operation);
    pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd_) {
        // Newer kernels say ENOENT of a thread, older ones EINVAL.
        throw SystemError(errno == ENOENT ? EINVAL : errno, operation);
    }
    const std::string path = "/proc/" + std::to_string(pid);
    directory_ = UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory_) throw SystemError(errno == ENOENT ? ESRCH : errno, "open " + path);
    require_alive();
}

bool Process::alive() const {
    pollfd exit{pidfd_.get(), POLLIN, 0};
    int ready;
    // A signal that waits for this thread interrupts even a poll that does not wait.
    do ready = poll(&exit, 1, 0);
    while (ready < 0 && errno == EINTR);
    return ready == 0;
}

bool Process::try_lock() const {
    int result;
    do {
        result = flock(directory_.get(), LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    if (result != 0 && errno != EWOULDBLOCK) throw SystemError(errno, "lock " + description() + " for a change");
    return result == 0;
}

void Process::require_alive() const {
    if (!alive()) throw SystemError(ESRCH, "read " + description());
}

}  // namespace guestmem::proc
