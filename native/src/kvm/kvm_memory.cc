#include "kvm/kvm_memory.h"

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {

std::optional<KvmMemory> read_kvm_memory(const proc::Process& process, std::uint32_t fd) {
    auto& object = bpf_objects().kvm_memory;
    kvm_memory_state request{};
    request.wanted_fd = fd;
    const kvm_memory_state& state =
        object.run(process.pidfd(), request,
                   "read what KVM keeps for the VM at fd " + std::to_string(fd) + " of " + process.description());
    process.require_alive();
    if (!state.found) return std::nullopt;

    const kvm_memory_record& record = *object.records();
    KvmMemory memory{};
    if (record.has_attribute_nodes) memory.attribute_nodes = record.attribute_nodes;
    memory.node_size = record.attribute_node_size;
    if (record.has_shadow_pages) memory.shadow_pages = record.shadow_pages;
    if (record.has_metadata) {
        memory.has_reverse_map = record.has_reverse_map != 0;
        memory.tracks_writes = record.tracks_writes != 0;
    }
    return memory;
}

}  // namespace guestmem::kvm
