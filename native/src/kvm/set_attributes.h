// The one change that is made to a VM: KVM_SET_MEMORY_ATTRIBUTES, which KVM takes only from the VMM's own process and
// which is therefore executed inside it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>

#include "inject/outcome.h"

namespace guestmem {

/** A VM as the file descriptor of a process, and how to tell that it still is that VM. */
struct InjectionTarget {
    pid_t pid;
    /** Of `pid`: proves that the number still means the same process. */
    int pidfd;
    int vm_fd;
    /** Threads that have run a vCPU. They are used only if there is no other, and only outside KVM_RUN. */
    std::set<pid_t> vcpu_threads;
    /** Whether `vm_fd` still names the struct kvm that the change is meant for. */
    std::function<bool()> is_same_vm;
};

/** Bytes of guest memory, and the attributes they shall have (0 = shared, 8 = private). */
struct AttributePiece {
    /** KVM holds its memslots locked and the thread is held for as long as a piece takes: hence a limit. */
    static constexpr std::uint64_t largest = 16ull << 20;
    std::uint64_t gpa;
    std::uint64_t size;
    std::uint64_t attributes;
};

/** What would refuse a change now. Stops nothing. */
std::optional<inject::Refused> check_injection(const InjectionTarget& target);

/**
 * Sets the attributes of one piece. `inject::Returned` holds what the ioctl returned. Throws SystemError EINVAL for a
 * piece that is empty, unaligned, too large or past the end of the address space.
 */
inject::Outcome set_memory_attributes(const InjectionTarget& target, const AttributePiece& piece);

}  // namespace guestmem
