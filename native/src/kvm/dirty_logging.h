// Makes KVM log which pages of a memslot are written, or stop it: KVM_SET_USER_MEMORY_REGION with another flag.
#pragma once

#include <cstdint>

#include "kvm/injection.h"
#include "proc/process.h"

namespace guestmem::kvm {

/** A memslot as KVM has it now; all of this stays, but for the flag. */
struct LoggedMemslot {
    std::uint16_t address_space;
    std::uint16_t id;
    /** KVM_MEM_READONLY or none: memslots with a guest_memfd cannot be changed. */
    std::uint32_t flags;
    std::uint64_t gpa;
    std::uint64_t size;
    std::uint64_t hva;
};

/** Refused where the memslot is another by then. */
inject::Outcome set_dirty_logging(const proc::Process& process, const InjectionTarget& target,
                                  const LoggedMemslot& memslot, bool on);

}  // namespace guestmem::kvm
