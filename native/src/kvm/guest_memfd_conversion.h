// Makes pages of a guest_memfd private or shared: KVM_SET_MEMORY_ATTRIBUTES2, which KVM takes on the guest_memfd from
// any process, where it converts in place.
#pragma once

#include <cstdint>
#include <optional>

#include "proc/process.h"

namespace guestmem::kvm {

struct ConversionAnswer {
    /** An errno, or 0. */
    int error;
    /** With EAGAIN, in bytes of the guest_memfd: the first page that something else holds. Nothing was converted then. */
    std::uint64_t error_offset;
};

/**
 * Bytes [offset, offset + size), whole pages, of the guest_memfd that `fd` of the process names, if its inode still is
 * `inode`; empty when `fd` is another file by now. `attributes` is 0 (shared) or 8 (private).
 */
std::optional<ConversionAnswer> convert_guest_memfd(const proc::Process& process, std::uint32_t fd, std::uint64_t inode,
                                                    std::uint64_t offset, std::uint64_t size, std::uint64_t attributes);

/** Whether the kernel has that ioctl and takes it. Changes nothing. Empty as above. */
std::optional<bool> takes_conversions(const proc::Process& process, std::uint32_t fd, std::uint64_t inode);

}  // namespace guestmem::kvm
