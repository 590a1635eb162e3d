// Makes guest memory private or shared: KVM_SET_MEMORY_ATTRIBUTES on the VM.
#pragma once

#include <cstdint>

#include "kvm/injection.h"

namespace guestmem::kvm {

/** Bytes of guest memory, and the attributes they shall have (0 = shared, 8 = private). */
struct AttributePiece {
    /** KVM holds its memslots locked and the thread is held for as long as a piece takes: hence a limit. */
    static constexpr std::uint64_t largest = 16ull << 20;
    std::uint64_t gpa;
    std::uint64_t size;
    std::uint64_t attributes;
};

/** Throws SystemError EINVAL for a piece that is empty, unaligned, too large or past the end of the address space. */
inject::Outcome set_memory_attributes(const InjectionTarget& target, const AttributePiece& piece);

/** On a VM of this process. As ioctl(2) returns. */
int set_own_attributes(int vm, const AttributePiece& piece);

}  // namespace guestmem::kvm
