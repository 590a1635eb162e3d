// A descriptor of our own on a guest_memfd of another process.
#pragma once

#include <cstdint>
#include <optional>

#include "base/unique_fd.h"
#include "proc/process.h"

namespace guestmem::kvm {

/**
 * What is taken is what the caller may change: the number may have come to mean another file since it was looked at.
 * Empty when `fd` of the process no longer is the guest_memfd with that inode. It keeps the VM alive: close it soon.
 */
std::optional<UniqueFd> take_guest_memfd(const proc::Process& process, std::uint32_t fd, std::uint64_t inode);

}  // namespace guestmem::kvm
