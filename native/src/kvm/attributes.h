// Memory attributes, where the kernel keeps them: for a VM, or for a guest_memfd.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proc/process.h"
#include "runs.bpf.h"

namespace guestmem::kvm {

struct AttributeChunk {
    std::vector<run_record> runs;
    std::optional<std::uint64_t> next;
    /** kvm->mmu_invalidate_seq. */
    std::uint64_t sequence;
    /** Attributes were not being set, before or after. */
    bool settled;
    /** And no other change was under way, and the sequence did not move. */
    bool quiet;
};

/** Runs of attribute bits in [first, end), in guest frame numbers. Empty when `fd` is no VM or no store is kept. */
std::optional<AttributeChunk> read_attributes(const proc::Process& process, std::uint32_t fd, std::uint64_t first,
                                              std::uint64_t end);

/** The same in pages of a guest_memfd. Empty when `fd` is none or none is kept. EAGAIN: it changes without pause. */
std::optional<AttributeChunk> read_guest_memfd_attributes(const proc::Process& process, std::uint32_t fd,
                                                          std::uint64_t first, std::uint64_t end);

}  // namespace guestmem::kvm
