// Where the kernel keeps what it knows of a physical page: what BPF programs are asked by. It never leaves the addon.
#pragma once

#include <cstdint>

namespace guestmem::kvm {

/** The address of the frame's struct page, if there is one. Throws SystemError EPERM when this process may not know frames. */
std::uint64_t page_struct_of(std::uint64_t frame);

}  // namespace guestmem::kvm
