// How long this host's kernel takes to convert guest memory, measured on a VM that is thrown away.
#pragma once

#include <chrono>
#include <cstdint>

namespace guestmem::kvm {

/** For all pages of a memslot of 16 MiB that nothing uses. */
struct ConversionTime {
    std::chrono::nanoseconds to_private;
    std::chrono::nanoseconds to_shared;
};

/** `vm_type` as KVM_CREATE_VM takes it. Throws SystemError where such a VM cannot be made, or takes no attributes. */
ConversionTime measure_conversion(std::uint32_t vm_type);

}  // namespace guestmem::kvm
