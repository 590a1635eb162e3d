#include "kvm/taken_guest_memfd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/system_error.h"
#include "kvm/kvm_files.h"

namespace guestmem::kvm {

std::optional<UniqueFd> take_guest_memfd(const proc::Process& process, std::uint32_t fd, std::uint64_t inode) {
    if (!is_guest_memfd(process, fd)) return std::nullopt;
    UniqueFd taken(static_cast<int>(syscall(SYS_pidfd_getfd, process.pidfd(), fd, 0)));
    if (!taken)
        throw SystemError(errno, "take the guest_memfd at fd " + std::to_string(fd) + " of " + process.description());
    // By statx, since glibc's fstat is a symbol that older ones lack.
    struct statx file {};
    if (statx(taken.get(), "", AT_EMPTY_PATH, STATX_INO, &file) != 0 || file.stx_ino != inode) return std::nullopt;
    return taken;
}

}  // namespace guestmem::kvm
