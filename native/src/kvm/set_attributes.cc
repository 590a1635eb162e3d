#include "set_attributes.h"

#include <linux/ioctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/system_error.h"
#include "inject/run_system_call.h"

namespace guestmem {

namespace {

// <linux/kvm.h> of Linux 6.8. Headers older than that lack the ioctl, so it is defined here.
struct KvmMemoryAttributes {
    std::uint64_t address;
    std::uint64_t size;
    std::uint64_t attributes;
    std::uint64_t flags;
};
constexpr std::uint32_t kvm_ioctls = 0xae;
constexpr std::uint32_t kvm_set_memory_attributes = _IOW(kvm_ioctls, 0xd2, KvmMemoryAttributes);
constexpr std::uint32_t kvm_run = _IO(kvm_ioctls, 0x80);

constexpr std::uint64_t page_size = 4096;

void validate(const AttributePiece& piece) {
    const bool aligned = piece.gpa % page_size == 0 && piece.size % page_size == 0;
    const bool wraps = piece.gpa + piece.size < piece.gpa;
    if (piece.size != 0 && piece.size <= AttributePiece::largest && aligned && !wraps) return;
    char text[128];
    std::snprintf(text, sizeof text, "set memory attributes of a piece of 0x%llx bytes at 0x%llx",
                  static_cast<unsigned long long>(piece.size), static_cast<unsigned long long>(piece.gpa));
    throw SystemError(EINVAL, text);
}

inject::Request request_for(const InjectionTarget& target) {
    inject::Request request;
    request.target = {target.pid, target.pidfd};
    request.preference = {target.vcpu_threads, kvm_run, "KVM_RUN"};
    return request;
}

std::optional<inject::Refused> find_other_vm(const InjectionTarget& target) {
    const std::string process = "process " + std::to_string(target.pid);
    if (inject::Target{target.pid, target.pidfd}.has_exited())
        return inject::Refused{inject::Reason::gone, process + " has exited"};
    if (!target.is_same_vm())
        return inject::Refused{inject::Reason::gone, "file descriptor " + std::to_string(target.vm_fd) + " of " +
                                                         process + " no longer is the VM that was looked at"};
    return std::nullopt;
}

}  // namespace

std::optional<inject::Refused> check_injection(const InjectionTarget& target) {
    if (std::optional<inject::Refused> refused = find_other_vm(target)) return refused;
    return inject::find_refusal(request_for(target));
}

inject::Outcome set_memory_attributes(const InjectionTarget& target, const AttributePiece& piece) {
    validate(piece);
    if (std::optional<inject::Refused> refused = find_other_vm(target)) return *refused;

    const KvmMemoryAttributes attributes{piece.gpa, piece.size, piece.attributes, 0};
    inject::Request request = request_for(target);
    request.call.number = SYS_ioctl;
    request.call.arguments = {static_cast<std::uint64_t>(target.vm_fd), kvm_set_memory_attributes};
    request.call.payload.argument = 2;
    request.call.payload.size = sizeof attributes;
    std::memcpy(request.call.payload.bytes.data(), &attributes, sizeof attributes);
    return inject::run_system_call(request);
}

}  // namespace guestmem
