#include "kvm/kvm_mappings.h"

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {

KvmMappingChunk list_kvm_mappings(MappingPlace from) {
    auto& object = bpf_objects().kvm_mappings;
    const std::string operation = "look for mapped KVM files";
    kvm_mappings_state request{};
    request.first_pid = static_cast<std::uint32_t>(from.pid);
    request.first_address = from.address;
    const kvm_mappings_state& state = object.run(bpf::all_processes, request, operation);
    // A kernel older than 6.7, which has no iterator over mappings that does not wait for locks.
    if (!state.supported) throw SystemError(EOPNOTSUPP, operation);

    KvmMappingChunk chunk;
    for (std::uint32_t i = 0; i < state.count; i++) {
        const kvm_mapping_record& record = object.records()[i];
        const auto pid = static_cast<pid_t>(record.pid);
        if (record.kind == KVM_MAPPING_BUSY) {
            chunk.busy.push_back(pid);
            continue;
        }
        chunk.mappings.push_back({pid, record.kind == KVM_MAPPING_VCPU ? KvmFileKind::vcpu : KvmFileKind::guest_memfd,
                                  identity_of(record.vm), record.inode, record.start, record.end, record.first_page,
                                  (record.rights & KVM_MAPPING_READ) != 0, (record.rights & KVM_MAPPING_WRITE) != 0,
                                  (record.rights & KVM_MAPPING_EXECUTE) != 0});
    }
    if (state.next_pid != 0) chunk.next = {static_cast<pid_t>(state.next_pid), state.next_address};
    return chunk;
}

}  // namespace guestmem::kvm
