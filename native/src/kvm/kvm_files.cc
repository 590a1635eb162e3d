#include "kvm/kvm_files.h"

#include <limits>

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {
namespace {

constexpr std::uint32_t no_last_fd = std::numeric_limits<std::uint32_t>::max();

KvmFileKind kind_of(std::uint32_t kind) {
    switch (kind) {
        case KVM_FILE_VM:
            return KvmFileKind::vm;
        case KVM_FILE_VCPU:
            return KvmFileKind::vcpu;
        default:
            return KvmFileKind::guest_memfd;
    }
}

std::vector<KvmFile> list_range(const proc::Process& process, std::uint32_t first_fd, std::uint32_t last_fd) {
    auto& object = bpf_objects().kvm_files;
    std::vector<KvmFile> files;
    kvm_files_state request{};
    request.first_fd = first_fd;
    request.last_fd = last_fd;
    do {
        const kvm_files_state& state =
            object.run(process.pidfd(), request, "list the KVM files of " + process.description());
        for (std::uint32_t i = 0; i < state.count; i++) {
            const kvm_files_record& record = object.records()[i];
            files.push_back({record.fd, kind_of(record.kind), identity_of(record.vm), record.vcpu, record.tid});
        }
        request.first_fd = state.next_fd;
    } while (request.first_fd != 0);
    process.require_alive();
    return files;
}

}  // namespace

std::vector<KvmFile> list_kvm_files(const proc::Process& process) { return list_range(process, 0, no_last_fd); }

std::optional<VmIdentity> identify_vm(const proc::Process& process, std::uint32_t fd) {
    const std::vector<KvmFile> files = list_range(process, fd, fd);
    if (files.empty() || files.front().kind != KvmFileKind::vm) return std::nullopt;
    return files.front().vm;
}

bool is_guest_memfd(const proc::Process& process, std::uint32_t fd) {
    const std::vector<KvmFile> files = list_range(process, fd, fd);
    return !files.empty() && files.front().kind == KvmFileKind::guest_memfd;
}

}  // namespace guestmem::kvm
