#include "kvm/attributes.h"

#include <chrono>
#include <thread>

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {
namespace {

/**
 * A writer may have lost its processor between taking nodes out of a maple tree and putting the new ones in: until it
 * goes on, nobody comes further there.
 */
constexpr int attempts = 20;
constexpr std::chrono::milliseconds pause{1};

/** Both stores answer alike. */
template <typename State>
std::optional<AttributeChunk> read_store(bpf::Object<State, run_record>& object, const proc::Process& process,
                                         std::uint32_t fd, std::uint64_t first, std::uint64_t end,
                                         const std::string& operation) {
    State request{};
    request.wanted_fd = fd;
    request.walk.index = first;
    request.walk.end = end;
    for (int attempt = 0; attempt < attempts; attempt++) {
        if (attempt > 0) std::this_thread::sleep_for(pause);
        const State& state = object.run(process.pidfd(), request, operation);
        process.require_alive();
        if (!state.found || !state.has_store) return std::nullopt;
        if (state.walk.index == first && first < end) continue;

        AttributeChunk chunk;
        chunk.runs.assign(object.records(), object.records() + state.walk.count);
        if (state.walk.index < end) chunk.next = state.walk.index;
        chunk.sequence = state.sequence_after;
        chunk.settled = state.settled != 0;
        chunk.quiet = state.quiet != 0;
        return chunk;
    }
    throw SystemError(EAGAIN, operation);
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
