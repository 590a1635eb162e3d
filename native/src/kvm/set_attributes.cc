#include "kvm/set_attributes.h"

#include <linux/ioctl.h>
#include <sys/ioctl.h>

#include "kvm/page_range.h"

namespace guestmem::kvm {
namespace {

// <linux/kvm.h> of Linux 6.8. Headers older than that lack the ioctl, so it is defined here.
struct KvmMemoryAttributes {
    std::uint64_t address;
    std::uint64_t size;
    std::uint64_t attributes;
    std::uint64_t flags;
};
constexpr std::uint32_t kvm_set_memory_attributes = _IOW(0xae, 0xd2, KvmMemoryAttributes);

}  // namespace

inject::Outcome set_memory_attributes(const InjectionTarget& target, const AttributePiece& piece) {
    require_pages("set memory attributes of", piece.gpa, piece.size, AttributePiece::largest);
    const KvmMemoryAttributes attributes{piece.gpa, piece.size, piece.attributes, 0};
    return inject_ioctl(target, {target.vm_fd, kvm_set_memory_attributes, &attributes, sizeof attributes});
}

int set_own_attributes(int vm, const AttributePiece& piece) {
    KvmMemoryAttributes attributes{piece.gpa, piece.size, piece.attributes, 0};
    return ioctl(vm, kvm_set_memory_attributes, &attributes);
}

}  // namespace guestmem::kvm
