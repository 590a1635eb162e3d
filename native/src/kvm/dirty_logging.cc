#include "kvm/dirty_logging.h"

#include <linux/kvm.h>

namespace guestmem::kvm {

inject::Outcome set_dirty_logging(const InjectionTarget& target, const LoggedMemslot& memslot, bool on) {
    kvm_userspace_memory_region region{};
    region.slot = std::uint32_t{memslot.address_space} << 16 | memslot.id;
    region.flags = (memslot.flags & KVM_MEM_READONLY) | (on ? KVM_MEM_LOG_DIRTY_PAGES : 0);
    region.guest_phys_addr = memslot.gpa;
    region.memory_size = memslot.size;
    region.userspace_addr = memslot.hva;
    return inject_ioctl(target, {target.vm_fd, KVM_SET_USER_MEMORY_REGION, &region, sizeof region});
}

}  // namespace guestmem::kvm
