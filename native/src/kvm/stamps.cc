#include "kvm/stamps.h"

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {

std::optional<Stamps> read_stamps(const proc::Process& process, std::uint32_t fd) {
    auto& object = bpf_objects().stamps;
    stamps_state request{};
    request.wanted_fd = fd;
    const stamps_state& state = object.run(
        process.pidfd(), request, "look for changes of the VM at fd " + std::to_string(fd) + " of " + process.description());
    process.require_alive();
    if (!state.found || !state.whole) return std::nullopt;

    Stamps stamps{};
    stamps.vm = identity_of(state.vm);
    stamps.quiet = state.quiet != 0;
    for (std::size_t i = 0; i < STAMP_RECORDS; i++) stamps.counters.push_back(object.records()[i].counter);
    return stamps;
}

}  // namespace guestmem::kvm
