// The file that a process has mapped at an address, read beside the process's page table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "proc/process.h"

namespace guestmem::proc {

/**
 * Copies from the file mapped at `address`, no further than its mapping. Waits for no device and leaves no trace (access
 * time): pages that are not in memory end the copy short, except that holes of a tmpfs or hugetlbfs read as zeros and
 * are not filled. Empty when nothing is mapped there that is a regular file which can be opened.
 */
std::optional<std::size_t> read_mapped_file(const Process& process, std::uint64_t address, void* into,
                                            std::size_t size);

}  // namespace guestmem::proc
