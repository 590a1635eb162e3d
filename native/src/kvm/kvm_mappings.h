// Where processes have KVM files mapped.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kvm/kvm_files.h"
#include "kvm/vm_identity.h"

namespace guestmem::kvm {

struct KvmMapping {
    pid_t pid;
    /** Never a VM: its file cannot be mapped. */
    KvmFileKind kind;
    VmIdentity vm;
    std::uint64_t inode;
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t first_page;
    bool readable;
    bool writable;
    bool executable;
};

/** An address in a process, in the order in which they are looked at. */
struct MappingPlace {
    pid_t pid;
    std::uint64_t address;
};

struct KvmMappingChunk {
    std::vector<KvmMapping> mappings;
    /** Processes whose mappings are being changed, so that they could not be looked at. */
    std::vector<pid_t> busy;
    std::optional<MappingPlace> next;
};

/** Of all processes that this one can see. */
KvmMappingChunk list_kvm_mappings(MappingPlace from);

}  // namespace guestmem::kvm
