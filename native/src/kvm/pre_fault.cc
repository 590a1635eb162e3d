#include "kvm/pre_fault.h"

#include <linux/ioctl.h>

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

}  // namespace

inject::Outcome pre_fault(const InjectionTarget& target, const PreFaultPiece& piece) {
    require_pages("pre-fault", piece.gpa, piece.size, PreFaultPiece::largest);
    const KvmPreFaultMemory memory{piece.gpa, piece.size, 0, {}};
    return inject_ioctl(target, {piece.vcpu_fd, kvm_pre_fault_memory, &memory, sizeof memory, piece.thread});
}

}  // namespace guestmem::kvm
