// How KVM maps a VM's memory for its guest (EPT, NPT), as the TDP MMU's tables have it.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "guest_mapping.bpf.h"
#include "proc/process.h"

namespace guestmem::kvm {

struct GuestMappingChunk {
    /** A value is a level and GUEST_MAPPING_… bits; what is in no run is not mapped. */
    std::vector<run_record> runs;
    std::optional<std::uint64_t> next;
    /** Tables of every level whose first frame is in this chunk. */
    std::uint32_t tables;
};

/** The runs, or why they cannot be told. */
using GuestMapping = std::variant<GuestMappingChunk, guest_mapping_problem>;

/** Guest frame numbers [first, end) of one address space. Empty when `fd` is no VM. */
std::optional<GuestMapping> read_guest_mapping(const proc::Process& process, std::uint32_t fd,
                                               std::uint32_t address_space, std::uint64_t first, std::uint64_t end,
                                               bool with_accessed);

}  // namespace guestmem::kvm
