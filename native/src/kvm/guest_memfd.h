// A guest_memfd: its inode, its owner and the memslots bound to it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kvm/vm_identity.h"
#include "proc/process.h"

namespace guestmem::kvm {

struct GuestMemfdBinding {
    std::uint16_t address_space;
    std::int16_t memslot;
    /** In pages of the guest_memfd. */
    std::uint64_t first;
    std::uint64_t pages;
};

struct GuestMemfdRecord {
    std::uint64_t inode;
    VmIdentity vm;
    std::uint64_t size;
    std::uint64_t flags;
    /** The kernel keeps memory attributes for each guest_memfd. */
    bool has_attribute_store;
    std::uint64_t allocated_pages;
    /** Empty where the kernel does not tell. */
    std::optional<bool> in_direct_map;
    std::vector<GuestMemfdBinding> bindings;
};

/** Empty when `fd` is no guest_memfd. */
std::optional<GuestMemfdRecord> read_guest_memfd(const proc::Process& process, std::uint32_t fd);

}  // namespace guestmem::kvm
