// Executes an ioctl of a VM inside its VMM. KVM takes a VM's ioctls only from the process whose memory the VM uses.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>

#include "inject/request.h"

namespace guestmem::kvm {

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
    inject::StepObserver observer = {};
    /** As in inject::Request, with what it risks. */
    bool may_suspend_seccomp = false;
};

/** An ioctl whose argument points to a struct, which the kernel may write back to and which is not copied back. */
struct InjectedIoctl {
    int fd;
    std::uint32_t request;
    const void* argument;
    std::size_t size;
    /** The one thread that may execute it, outside KVM_RUN; 0: any. */
    pid_t thread = 0;
    /** What else must hold right before the call; a refusal where it does not. */
    std::function<std::optional<inject::Refused>()> precondition = {};
};

/** What would refuse an injection now. Stops nothing. `thread` as in InjectedIoctl. */
std::optional<inject::Refused> check_injection(const InjectionTarget& target, pid_t thread = 0);

/** `inject::Returned` holds what the ioctl returned. */
inject::Outcome inject_ioctl(const InjectionTarget& target, const InjectedIoctl& ioctl);

}  // namespace guestmem::kvm
