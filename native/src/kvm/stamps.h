// Counters that tell whether a VM's memory may have changed.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kvm/vm_identity.h"
#include "proc/process.h"

namespace guestmem::kvm {

struct Stamps {
    VmIdentity vm;
    /** In a fixed order. */
    std::vector<std::uint64_t> counters;
    /** No change was under way. */
    bool quiet;
};

/** Empty when `fd` is no VM that uses this process's memory, or this kernel lacks one of the counters. */
std::optional<Stamps> read_stamps(const proc::Process& process, std::uint32_t fd);

}  // namespace guestmem::kvm
