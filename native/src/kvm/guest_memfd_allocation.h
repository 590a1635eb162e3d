// Allocates pages of a guest_memfd, or gives them back. A guest_memfd takes fallocate from any process.
#pragma once

#include <cstdint>
#include <optional>

#include "proc/process.h"

namespace guestmem::kvm {

enum class Allocation { allocate, punch_hole };

/**
 * Bytes [offset, offset + size), whole pages, of the guest_memfd that `fd` of the process names, if its inode still is
 * `inode`. Returns fallocate's errno or 0; empty when `fd` is another file by now.
 */
std::optional<int> change_allocation(const proc::Process& process, std::uint32_t fd, std::uint64_t inode,
                                     Allocation change, std::uint64_t offset, std::uint64_t size);

}  // namespace guestmem::kvm
