// The pages of a memslot that KVM has logged as dirty. Reading them clears nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proc/process.h"
#include "runs.bpf.h"

namespace guestmem::kvm {

struct DirtyPagesChunk {
    std::vector<run_record> runs;
    std::optional<std::uint64_t> next;
};

/**
 * Guest frame numbers [first, end), which lie in one memslot of the address space. Empty when `fd` is no VM or the
 * memslot has no dirty bitmap. Throws SystemError, EAGAIN, when memslots change without pause.
 */
std::optional<DirtyPagesChunk> read_dirty_pages(const proc::Process& process, std::uint32_t fd,
                                                std::uint32_t address_space, std::uint64_t first,
                                                std::uint64_t end);

}  // namespace guestmem::kvm
