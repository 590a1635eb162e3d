#include "kvm/guest_memfd_allocation.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/system_error.h"
#include "base/unique_fd.h"
#include "kvm/kvm_files.h"
#include "kvm/page_range.h"

namespace guestmem::kvm {

std::optional<int> change_allocation(const proc::Process& process, std::uint32_t fd, std::uint64_t inode,
                                     Allocation change, std::uint64_t offset, std::uint64_t size) {
    require_pages("allocate or give back", offset, size, INT64_MAX - 4095);
    if (!is_guest_memfd(process, fd)) return std::nullopt;
    const UniqueFd stolen(static_cast<int>(syscall(SYS_pidfd_getfd, process.pidfd(), fd, 0)));
    if (!stolen)
        throw SystemError(errno, "take the guest_memfd at fd " + std::to_string(fd) + " of " + process.description());
    // What was taken is what is changed: the number may have come to mean another file since it was looked at.
    // By statx, since glibc's fstat is a symbol that older ones lack.
    struct statx file {};
    if (statx(stolen.get(), "", AT_EMPTY_PATH, STATX_INO, &file) != 0 || file.stx_ino != inode) return std::nullopt;

    const int mode = change == Allocation::punch_hole ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : FALLOC_FL_KEEP_SIZE;
    int result;
    do {
        result = fallocate(stolen.get(), mode, static_cast<off_t>(offset), static_cast<off_t>(size));
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

}  // namespace guestmem::kvm
