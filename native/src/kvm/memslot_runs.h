// What KVM keeps for each page or region of one memslot, as runs. Reading it changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proc/process.h"
#include "runs.bpf.h"

namespace guestmem::kvm {

struct MemslotRunsChunk {
    std::vector<run_record> runs;
    std::optional<std::uint64_t> next;
};

/**
 * All are of guest frame numbers [first, end), which lie in one memslot of the address space. Empty when `fd` is no VM or
 * the memslot has no such records. They throw SystemError, EAGAIN, when memslots change without pause.
 */

/** The pages that KVM has logged as dirty; their value is 1. */
std::optional<MemslotRunsChunk> read_dirty_pages(const proc::Process& process, std::uint32_t fd,
                                                 std::uint32_t address_space, std::uint64_t first, std::uint64_t end);

/** What KVM counts against large pages; the values are in large_page_obstacles.bpf.h. */
std::optional<MemslotRunsChunk> read_large_page_obstacles(const proc::Process& process, std::uint32_t fd,
                                                          std::uint32_t address_space, std::uint64_t first,
                                                          std::uint64_t end);

}  // namespace guestmem::kvm
