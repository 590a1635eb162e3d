#include "kvm/guest_mapping.h"

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {

std::optional<GuestMapping> read_guest_mapping(const proc::Process& process, std::uint32_t fd,
                                               std::uint32_t address_space, std::uint64_t first, std::uint64_t end,
                                               bool with_accessed) {
    auto& object = bpf_objects().guest_mapping;
    guest_mapping_state request{};
    request.wanted_fd = fd;
    request.address_space = address_space;
    request.with_accessed = with_accessed;
    request.walk.index = first;
    request.walk.end = end;
    const guest_mapping_state& state =
        object.run(process.pidfd(), request,
                   "read the guest mapping of the VM at fd " + std::to_string(fd) + " of " + process.description());
    process.require_alive();
    if (!state.found) return std::nullopt;
    if (state.problem != GUEST_MAPPING_TOLD) return static_cast<guest_mapping_problem>(state.problem);

    GuestMappingChunk chunk{};
    chunk.runs.assign(object.records(), object.records() + state.walk.count);
    if (state.walk.index < end) chunk.next = state.walk.index;
    chunk.tables = state.tables;
    return chunk;
}

}  // namespace guestmem::kvm
