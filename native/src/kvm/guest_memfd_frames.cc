#include "kvm/guest_memfd_frames.h"

#include <string>

#include "kvm/bpf_objects.h"
#include "kvm/page_structs.h"

namespace guestmem::kvm {

std::optional<FrameSearch> find_guest_memfd_frame(const proc::Process& process, std::uint32_t fd, std::uint64_t frame,
                                                  std::uint64_t first, std::uint64_t end) {
    guest_memfd_frames_state request{};
    request.wanted = fd;
    request.page = page_struct_of(frame);
    request.walk.index = first;
    request.walk.end = end;
    auto& object = bpf_objects().guest_memfd_frames;
    const guest_memfd_frames_state& state =
        object.run(process.pidfd(), request,
                   "look for a physical page in the guest_memfd at fd " + std::to_string(fd) + " of " + process.description());
    process.require_alive();
    if (!state.found) return std::nullopt;
    FrameSearch search;
    if (state.walk.index < end) search.next = state.walk.index;
    if (state.walk.count == 0) return search;
    // A folio lies at a multiple of its size, in physical memory and in its file.
    const run_record& run = object.records()[0];
    const std::uint64_t within = (std::uint64_t{1} << (run.value - 1)) - 1;
    search.page = (run.first & ~within) | (frame & within);
    return search;
}

}  // namespace guestmem::kvm
