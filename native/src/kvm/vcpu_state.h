// Where a vCPU stands, read without stopping it.
#pragma once

#include <cstdint>
#include <optional>

#include "proc/process.h"

namespace guestmem::kvm {

struct MemoryFault {
    std::uint64_t flags;
    std::uint64_t gpa;
    std::uint64_t size;
};

/** What of a vCPU settles how its guest's virtual addresses lead to physical ones, beside CR3. */
struct VcpuPaging {
    std::uint64_t cr0;
    std::uint64_t cr4;
    std::uint64_t efer;
    std::uint32_t address_space;
    /** A nested guest runs: its physical addresses are not those of the VM. */
    bool nested;
};

/** As of the last exit. The VMM can write the exit's part. */
struct VcpuState {
    std::uint32_t exit_reason;
    std::optional<MemoryFault> memory_fault;
    /** Empty where KVM has no current value. */
    std::optional<std::uint64_t> rip;
    std::optional<std::uint64_t> cr3;
    /** Empty for an encrypted guest. */
    std::optional<VcpuPaging> paging;
    /** Empty where the kernel does not tell. */
    std::optional<std::uint32_t> physical_address_bits;
};

/** Empty when `fd` is no vCPU. */
std::optional<VcpuState> read_vcpu_state(const proc::Process& process, std::uint32_t fd);

}  // namespace guestmem::kvm
