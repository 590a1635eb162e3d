#include "kvm/guest_memfd_allocation.h"

#include <fcntl.h>
#include <linux/falloc.h>

#include <cerrno>

#include "kvm/page_range.h"
#include "kvm/taken_guest_memfd.h"

namespace guestmem::kvm {

std::optional<int> change_allocation(const proc::Process& process, std::uint32_t fd, std::uint64_t inode,
                                     Allocation change, std::uint64_t offset, std::uint64_t size) {
    require_pages("allocate or give back", offset, size, INT64_MAX - 4095);
    const std::optional<UniqueFd> taken = take_guest_memfd(process, fd, inode);
    if (!taken) return std::nullopt;
    const int mode = change == Allocation::punch_hole ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : FALLOC_FL_KEEP_SIZE;
    int result;
    do {
        result = fallocate(taken->get(), mode, static_cast<off_t>(offset), static_cast<off_t>(size));
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

}  // namespace guestmem::kvm
