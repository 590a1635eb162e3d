#include "kvm/vm_identity.h"

#include <map>
#include <utility>

namespace guestmem::kvm {

VmIdentity identity_of(const vm_key& key) {
    static std::map<std::pair<std::uint64_t, std::uint64_t>, VmIdentity> identities;
    const auto next = static_cast<VmIdentity>(identities.size() + 1);
    return identities.emplace(std::pair(key.kvm, key.debugfs_inode), next).first->second;
}

}  // namespace guestmem::kvm
