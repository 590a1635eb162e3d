// The KVM files that a process holds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kvm/vm_identity.h"
#include "proc/process.h"

namespace guestmem::kvm {

enum class KvmFileKind { vm, vcpu, guest_memfd };

struct KvmFile {
    std::uint32_t fd;
    KvmFileKind kind;
    VmIdentity vm;
    /** 0 for the other kinds. */
    std::uint32_t vcpu;
    /** Thread that last ran the vCPU, as this process's pid namespace numbers it; 0: none. */
    std::uint32_t tid;
};

std::vector<KvmFile> list_kvm_files(const proc::Process& process);

/** The VM that `fd` names in the process; empty when it is no VM. */
std::optional<VmIdentity> identify_vm(const proc::Process& process, std::uint32_t fd);

bool is_guest_memfd(const proc::Process& process, std::uint32_t fd);

}  // namespace guestmem::kvm
