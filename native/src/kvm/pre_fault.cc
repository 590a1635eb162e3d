#include "kvm/pre_fault.h"

#include <linux/ioctl.h>

#include <string>

#include "kvm/kvm_files.h"
#include "kvm/page_range.h"

namespace guestmem::kvm {
namespace {

// <linux/kvm.h> of Linux 6.11. Headers older than that lack the ioctl, so it is defined here.
struct KvmPreFaultMemory {
    std::uint64_t gpa;
    std::uint64_t size;
    std::uint64_t flags;
    std::uint64_t padding[5];
};
constexpr std::uint32_t kvm_pre_fault_memory = _IOWR(0xae, 0xd5, KvmPreFaultMemory);

// Another thread would wait for as long as the vCPU's own runs it.
std::optional<inject::Refused> find_other_vcpu(const proc::Process& process, const InjectionTarget& target,
                                               const PreFaultPiece& piece) {
    const std::optional<VmIdentity> vm = identify_vm(process, static_cast<std::uint32_t>(target.vm_fd));
    for (const KvmFile& file : list_kvm_files(process))
        if (static_cast<int>(file.fd) == piece.vcpu_fd && file.kind == KvmFileKind::vcpu && file.vm == vm &&
            static_cast<pid_t>(file.tid) == piece.thread)
            return std::nullopt;
    return inject::Refused{inject::Reason::unsupported, "the vCPU at file descriptor " + std::to_string(piece.vcpu_fd) +
                                                            " has meanwhile been closed, or runs in another thread"};
}

}  // namespace

inject::Outcome pre_fault(const proc::Process& process, const InjectionTarget& target, const PreFaultPiece& piece) {
    require_pages("pre-fault", piece.gpa, piece.size, PreFaultPiece::largest);
    const KvmPreFaultMemory memory{piece.gpa, piece.size, 0, {}};
    return inject_ioctl(target, {piece.vcpu_fd, kvm_pre_fault_memory, &memory, sizeof memory, piece.thread,
                                 [&] { return find_other_vcpu(process, target, piece); }});
}

}  // namespace guestmem::kvm
