#include "kvm/dirty_logging.h"

#include <linux/kvm.h>

#include <algorithm>
#include <string>

#include "kvm/vm.h"

namespace guestmem::kvm {

namespace {

// KVM would make a memslot anew that the VMM has removed meanwhile, and move one that it has moved.
std::optional<inject::Refused> find_other_memslot(const proc::Process& process, const InjectionTarget& target,
                                                  const LoggedMemslot& memslot) {
    const std::optional<VmRecord> vm = read_vm(process, static_cast<std::uint32_t>(target.vm_fd));
    const auto is_same = [&](const memslots_record& record) {
        return record.address_space == memslot.address_space && static_cast<std::uint16_t>(record.id) == memslot.id &&
               record.gfn << 12 == memslot.gpa && record.pages << 12 == memslot.size && record.hva == memslot.hva &&
               (record.flags & KVM_MEM_READONLY) == (memslot.flags & KVM_MEM_READONLY);
    };
    if (vm && vm->consistent && std::any_of(vm->memslots.begin(), vm->memslots.end(), is_same)) return std::nullopt;
    return inject::Refused{inject::Reason::unsupported, "the VMM has changed memslot " + std::to_string(memslot.id) +
                                                            " meanwhile; look again"};
}

}  // namespace

inject::Outcome set_dirty_logging(const proc::Process& process, const InjectionTarget& target,
                                  const LoggedMemslot& memslot, bool on) {
    kvm_userspace_memory_region region{};
    region.slot = std::uint32_t{memslot.address_space} << 16 | memslot.id;
    region.flags = (memslot.flags & KVM_MEM_READONLY) | (on ? KVM_MEM_LOG_DIRTY_PAGES : 0);
    region.guest_phys_addr = memslot.gpa;
    region.memory_size = memslot.size;
    region.userspace_addr = memslot.hva;
    return inject_ioctl(target, {target.vm_fd, KVM_SET_USER_MEMORY_REGION, &region, sizeof region, 0,
                                 [&] { return find_other_memslot(process, target, memslot); }});
}

}  // namespace guestmem::kvm
