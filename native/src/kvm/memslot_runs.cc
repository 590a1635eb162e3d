#include "kvm/memslot_runs.h"

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {
namespace {

using MemslotObject = bpf::Object<memslot_runs_state, run_record>;

/** What was read while memslots changed may have been freed by then, so it is never given out. */
constexpr int attempts = 16;

std::optional<MemslotRunsChunk> read_runs(MemslotObject& object, const char* what, const proc::Process& process,
                                          std::uint32_t fd, std::uint32_t address_space, std::uint64_t first,
                                          std::uint64_t end) {
    memslot_runs_state request{};
    request.wanted_fd = fd;
    request.address_space = address_space;
    request.walk.index = first;
    request.walk.end = end;
    const std::string operation =
        std::string("read the ") + what + " of the VM at fd " + std::to_string(fd) + " of " + process.description();
    for (int attempt = 0; attempt < attempts; attempt++) {
        const memslot_runs_state& state = object.run(process.pidfd(), request, operation);
        process.require_alive();
        if (!state.found) return std::nullopt;
        if (!state.consistent) continue;
        if (!state.has_records) return std::nullopt;

        MemslotRunsChunk chunk;
        chunk.runs.assign(object.records(), object.records() + state.walk.count);
        if (state.walk.index < end) chunk.next = state.walk.index;
        return chunk;
    }
    throw SystemError(EAGAIN, operation);
}

}  // namespace

std::optional<MemslotRunsChunk> read_dirty_pages(const proc::Process& process, std::uint32_t fd,
                                                 std::uint32_t address_space, std::uint64_t first,
                                                 std::uint64_t end) {
    return read_runs(bpf_objects().dirty_pages, "dirty pages", process, fd, address_space, first, end);
}

std::optional<MemslotRunsChunk> read_large_page_obstacles(const proc::Process& process, std::uint32_t fd,
                                                          std::uint32_t address_space, std::uint64_t first,
                                                          std::uint64_t end) {
    return read_runs(bpf_objects().large_page_obstacles, "obstacles to large pages", process, fd, address_space, first,
                     end);
}

}  // namespace guestmem::kvm
