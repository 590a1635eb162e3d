#include "kvm/injection.h"

#include <linux/ioctl.h>
#include <sys/syscall.h>

#include <cstring>
#include <string>

#include "inject/run_system_call.h"

namespace guestmem::kvm {
namespace {

// <linux/kvm.h>
constexpr std::uint32_t kvm_run = _IO(0xae, 0x80);

std::optional<inject::Refused> find_other_vm(const InjectionTarget& target) {
    const std::string process = "process " + std::to_string(target.pid);
    if (inject::Target{target.pid, target.pidfd}.has_exited())
        return inject::Refused{inject::Reason::gone, process + " has exited"};
    if (!target.is_same_vm())
        return inject::Refused{inject::Reason::gone, "file descriptor " + std::to_string(target.vm_fd) + " of " +
                                                         process + " no longer is the VM that was looked at"};
    return std::nullopt;
}

inject::Request request_for(const InjectionTarget& target, pid_t thread) {
    inject::Request request;
    request.target = {target.pid, target.pidfd};
    request.preference = {target.vcpu_threads, thread, kvm_run, "KVM_RUN"};
    request.precondition = [&target] { return find_other_vm(target); };
    request.observer = target.observer;
    request.may_suspend_seccomp = target.may_suspend_seccomp;
    return request;
}

}  // namespace

std::optional<inject::Refused> check_injection(const InjectionTarget& target, pid_t thread) {
    return inject::find_refusal(request_for(target, thread));
}

inject::Outcome inject_ioctl(const InjectionTarget& target, const InjectedIoctl& ioctl) {
    inject::Request request = request_for(target, ioctl.thread);
    request.precondition = [&]() -> std::optional<inject::Refused> {
        if (std::optional<inject::Refused> refused = find_other_vm(target)) return refused;
        return ioctl.precondition ? ioctl.precondition() : std::nullopt;
    };
    request.call.number = SYS_ioctl;
    request.call.arguments = {static_cast<std::uint64_t>(ioctl.fd), ioctl.request};
    request.call.payload.argument = 2;
    request.call.payload.size = ioctl.size;
    std::memcpy(request.call.payload.bytes.data(), ioctl.argument, ioctl.size);
    return inject::run_system_call(request);
}

}  // namespace guestmem::kvm
