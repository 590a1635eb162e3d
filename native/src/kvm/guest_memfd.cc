#include "kvm/guest_memfd.h"

#include <limits>

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {

std::optional<GuestMemfdRecord> read_guest_memfd(const proc::Process& process, std::uint32_t fd) {
    auto& object = bpf_objects().guest_memfd;
    guest_memfd_state request{};
    request.wanted_fd = fd;
    request.walk.end = std::numeric_limits<std::uint64_t>::max();
    GuestMemfdRecord record{};
    do {
        const guest_memfd_state& state = object.run(
            process.pidfd(), request,
            "read the guest_memfd at fd " + std::to_string(fd) + " of " + process.description());
        process.require_alive();
        if (!state.found) return std::nullopt;
        record.inode = state.inode;
        record.vm = identity_of(state.vm);
        record.size = state.size;
        record.flags = state.flags;
        record.has_attribute_store = state.has_attribute_store != 0;
        record.allocated_pages = state.allocated_pages;
        if (state.in_direct_map >= 0) record.in_direct_map = state.in_direct_map != 0;
        for (std::uint32_t i = 0; i < state.walk.count; i++) {
            const run_record& run = object.records()[i];
            record.bindings.push_back({static_cast<std::uint16_t>(BINDING_ADDRESS_SPACE(run.value)),
                                       static_cast<std::int16_t>(BINDING_ID(run.value)), run.first, run.pages});
        }
        request.walk.index = state.walk.index;
    } while (request.walk.index < request.walk.end);
    return record;
}

}  // namespace guestmem::kvm
