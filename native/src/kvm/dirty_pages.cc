#include "kvm/dirty_pages.h"

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {
namespace {

/** What was read while memslots changed may be no bitmap any more, so it is never given out. */
constexpr int attempts = 16;

}  // namespace

std::optional<DirtyPagesChunk> read_dirty_pages(const proc::Process& process, std::uint32_t fd,
                                                std::uint32_t address_space, std::uint64_t first,
                                                std::uint64_t end) {
    auto& object = bpf_objects().dirty_pages;
    dirty_pages_state request{};
    request.wanted_fd = fd;
    request.address_space = address_space;
    request.walk.index = first;
    request.walk.end = end;
    const std::string operation =
        "read the dirty pages of the VM at fd " + std::to_string(fd) + " of " + process.description();
    for (int attempt = 0; attempt < attempts; attempt++) {
        const dirty_pages_state& state = object.run(process.pidfd(), request, operation);
        process.require_alive();
        if (!state.found) return std::nullopt;
        if (!state.consistent) continue;
        if (!state.has_bitmap) return std::nullopt;

        DirtyPagesChunk chunk;
        chunk.runs.assign(object.records(), object.records() + state.walk.count);
        if (state.walk.index < end) chunk.next = state.walk.index;
        return chunk;
    }
    throw SystemError(EAGAIN, operation);
}

}  // namespace guestmem::kvm
