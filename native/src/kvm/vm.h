// A VM as the kernel has it: struct kvm and its memslots.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kvm/vm_identity.h"
#include "memslots.bpf.h"
#include "proc/process.h"

namespace guestmem::kvm {

struct VmRecord {
    VmIdentity vm;
    /** Counts VMs since boot, so that a later VM has another one; empty where the kernel does not number them. */
    std::optional<std::uint64_t> serial;
    bool owned_by_process;
    /** Empty where this kernel's struct kvm has no such field; so has_private_memory. */
    std::optional<std::int64_t> type;
    std::optional<bool> has_private_memory;
    bool has_attribute_store;
    std::uint32_t address_spaces;
    /** In bytes, of each vCPU; 0 where none is used. */
    std::uint32_t dirty_ring_size;
    /** KVM_CAP_VM_DISABLE_NX_HUGE_PAGES: KVM's parameter nx_huge_pages does not hold for this VM. */
    bool disables_nx_huge_pages;
    std::uint32_t vcpus;
    /** False when the memslots changed during every attempt to read them. */
    bool consistent;
    std::vector<memslots_record> memslots;
};

/** `fd` is any KVM file of the VM. Empty when it is none. */
std::optional<VmRecord> read_vm(const proc::Process& process, std::uint32_t fd);

}  // namespace guestmem::kvm
