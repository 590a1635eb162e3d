// Where a guest_memfd has a physical page.
#pragma once

#include <cstdint>
#include <optional>

#include "proc/process.h"

namespace guestmem::kvm {

struct FrameSearch {
    /** Of the guest_memfd; empty where the frame is none of the pages that were looked at. */
    std::optional<std::uint64_t> page;
    /** Where to go on; empty when the search is done. */
    std::optional<std::uint64_t> next;
};

/**
 * Looks for a page frame number among pages [first, end). Empty when `fd` is no guest_memfd. Throws SystemError EPERM when
 * this process may not know frame numbers.
 */
std::optional<FrameSearch> find_guest_memfd_frame(const proc::Process& process, std::uint32_t fd, std::uint64_t frame,
                                                  std::uint64_t first, std::uint64_t end);

}  // namespace guestmem::kvm
