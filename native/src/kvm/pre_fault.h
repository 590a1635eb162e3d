// Has KVM map guest memory before the guest touches it: KVM_PRE_FAULT_MEMORY.
#pragma once

#include <cstdint>

#include "kvm/injection.h"
#include "proc/process.h"

namespace guestmem::kvm {

/** Bytes of guest memory, and the vCPU whose tables they shall be in. */
struct PreFaultPiece {
    /** The thread is held for as long as a piece takes. */
    static constexpr std::uint64_t largest = 2ull << 20;
    int vcpu_fd;
    /** The vCPU's own thread: on any other the ioctl waits for as long as the guest runs. */
    pid_t thread;
    std::uint64_t gpa;
    std::uint64_t size;
};

/** The ioctl may return 0 after a part of the piece. Throws SystemError EINVAL as set_memory_attributes does. */
inject::Outcome pre_fault(const proc::Process& process, const InjectionTarget& target, const PreFaultPiece& piece);

}  // namespace guestmem::kvm
