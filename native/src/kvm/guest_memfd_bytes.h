// Bytes of a guest_memfd, copied through a mapping that ends with the call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "proc/process.h"

namespace guestmem::kvm {

/**
 * Copies [offset, offset + size) of the guest_memfd at `fd`; pages that are not up to date read as zeros, and are not
 * touched, since that would allocate them. Returns how many bytes were copied, short at the first page that the host may
 * not see. Empty when `fd` is no guest_memfd or cannot be mapped.
 */
std::optional<std::size_t> read_guest_memfd_bytes(const proc::Process& process, std::uint32_t fd, std::uint64_t offset,
                                                  void* into, std::size_t size);

}  // namespace guestmem::kvm
