#include "kvm/vcpu_state.h"

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {

std::optional<VcpuState> read_vcpu_state(const proc::Process& process, std::uint32_t fd) {
    auto& object = bpf_objects().vcpu_state;
    vcpu_state_request request{};
    request.wanted_fd = fd;
    const vcpu_state_request& answer = object.run(
        process.pidfd(), request, "read the vCPU at fd " + std::to_string(fd) + " of " + process.description());
    process.require_alive();
    if (!answer.found) return std::nullopt;

    const vcpu_state_record& record = *object.records();
    VcpuState vcpu{};
    vcpu.exit_reason = record.exit_reason;
    if (record.has_memory_fault)
        vcpu.memory_fault = {record.memory_fault_flags, record.memory_fault_gpa, record.memory_fault_size};
    if (record.has_rip) vcpu.rip = record.rip;
    if (record.has_cr3) vcpu.cr3 = record.cr3;
    if (record.has_paging)
        vcpu.paging = {record.cr0, record.cr4, record.efer, record.address_space, record.nested != 0};
    if (record.physical_address_bits != 0) vcpu.physical_address_bits = record.physical_address_bits;
    return vcpu;
}

}  // namespace guestmem::kvm
