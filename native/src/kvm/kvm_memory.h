// What KVM itself keeps for a VM, beside the guest's memory.
#pragma once

#include <cstdint>
#include <optional>

#include "proc/process.h"

namespace guestmem::kvm {

struct KvmMemory {
    /** Nodes of the attribute store; empty when there are more than are counted at once. */
    std::optional<std::uint64_t> attribute_nodes;
    /** In bytes. */
    std::uint64_t node_size;
    /** Pages of the shadow MMU's tables. Empty, here and below, where the kernel does not tell. */
    std::optional<std::uint64_t> shadow_pages;
    std::optional<bool> has_reverse_map;
    std::optional<bool> tracks_writes;
};

/** Empty when `fd` is no VM. */
std::optional<KvmMemory> read_kvm_memory(const proc::Process& process, std::uint32_t fd);

}  // namespace guestmem::kvm
