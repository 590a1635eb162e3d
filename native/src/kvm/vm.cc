#include "kvm/vm.h"

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {
namespace {

/** A VMM that changes memslots without pause is shown as it is, marked inconsistent. */
constexpr int attempts = 8;

}  // namespace

std::optional<VmRecord> read_vm(const proc::Process& process, std::uint32_t fd) {
    auto& object = bpf_objects().memslots;
    memslots_state request{};
    request.wanted_fd = fd;
    const std::string operation = "read the VM at fd " + std::to_string(fd) + " of " + process.description();
    const memslots_state* state = nullptr;
    for (int attempt = 0; attempt < attempts; attempt++) {
        state = &object.run(process.pidfd(), request, operation);
        process.require_alive();
        if (!state->found) return std::nullopt;
        if (state->consistent) break;
    }

    VmRecord record;
    record.vm = identity_of(state->vm);
    if (state->vm.debugfs_inode != 0) record.serial = state->vm.debugfs_inode;
    record.owned_by_process = state->owned_by_process != 0;
    if (state->type >= 0) record.type = state->type;
    if (state->has_private_memory >= 0) record.has_private_memory = state->has_private_memory != 0;
    record.has_attribute_store = state->has_attribute_store != 0;
    record.address_spaces = state->address_spaces;
    record.vcpus = state->vcpus;
    record.dirty_ring_size = state->dirty_ring_size;
    record.disables_nx_huge_pages = state->disables_nx_huge_pages != 0;
    record.consistent = state->consistent != 0;
    record.memslots.assign(object.records(), object.records() + state->count);
    return record;
}

}  // namespace guestmem::kvm
