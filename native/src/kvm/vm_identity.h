// Names a `struct kvm` without telling its address: a small number that lives as long as the addon.
#pragma once

#include <cstdint>

#include "vm_key.bpf.h"

namespace guestmem::kvm {

using VmIdentity = std::uint32_t;

/** The same number for the same VM, a new one for a VM not seen before. */
VmIdentity identity_of(const vm_key& key);

}  // namespace guestmem::kvm
