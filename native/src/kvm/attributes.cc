#include "kvm/attributes.h"

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {
namespace {

/** Both stores answer alike. */
template <typename State>
std::optional<AttributeChunk> read_store(bpf::Object<State, run_record>& object, const proc::Process& process,
                                         std::uint32_t fd, std::uint64_t first, std::uint64_t end,
                                         const std::string& operation) {
    State request{};
    request.wanted_fd = fd;
    request.walk.index = first;
    request.walk.end = end;
    const State& state = object.run(process.pidfd(), request, operation);
    process.require_alive();
    if (!state.found || !state.has_store) return std::nullopt;
    if (state.walk.index == first && first < end) throw SystemError(EAGAIN, operation);

    AttributeChunk chunk;
    chunk.runs.assign(object.records(), object.records() + state.walk.count);
    if (state.walk.index < end) chunk.next = state.walk.index;
    chunk.sequence = state.sequence_after;
    chunk.quiet = state.quiet != 0;
    return chunk;
}

}  // namespace

std::optional<AttributeChunk> read_attributes(const proc::Process& process, std::uint32_t fd, std::uint64_t first,
                                              std::uint64_t end) {
    return read_store(bpf_objects().attributes, process, fd, first, end,
                      "read the memory attributes of the VM at fd " + std::to_string(fd) + " of " + process.description());
}

std::optional<AttributeChunk> read_guest_memfd_attributes(const proc::Process& process, std::uint32_t fd,
                                                          std::uint64_t first, std::uint64_t end) {
    return read_store(bpf_objects().guest_memfd_attributes, process, fd, first, end,
                      "read the memory attributes of the guest_memfd at fd " + std::to_string(fd) + " of " +
                          process.description());
}

}  // namespace guestmem::kvm
