#include "kvm/attributes.h"

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {

std::optional<AttributeChunk> read_attributes(const proc::Process& process, std::uint32_t fd, std::uint64_t first,
                                              std::uint64_t end) {
    auto& object = bpf_objects().attributes;
    attributes_state request{};
    request.wanted_fd = fd;
    request.walk.index = first;
    request.walk.end = end;
    const attributes_state& state =
        object.run(process.pidfd(), request,
                   "read the memory attributes of the VM at fd " + std::to_string(fd) + " of " + process.description());
    process.require_alive();
    if (!state.found || !state.has_store) return std::nullopt;

    AttributeChunk chunk;
    chunk.runs.assign(object.records(), object.records() + state.walk.count);
    if (state.walk.index < end) chunk.next = state.walk.index;
    chunk.sequence = state.sequence_after;
    chunk.quiet = state.quiet != 0;
    return chunk;
}

}  // namespace guestmem::kvm
