#include "kvm/conversion_time.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "base/system_error.h"
#include "base/unique_fd.h"
#include "kvm/set_attributes.h"

namespace guestmem::kvm {
namespace {

/** The first conversion also pays for memory that the kernel then keeps, and any may be interrupted. */
constexpr std::size_t rounds = 3;

constexpr std::uint64_t private_attribute = 1 << 3;

/** A memslot needs an address of the process, and KVM looks at what is there only when the guest uses it. */
constexpr std::uint64_t unused_address = AttributePiece::largest;

UniqueFd make_vm(std::uint32_t vm_type, const std::string& operation) {
    const UniqueFd kvm(open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm) throw SystemError(errno, "open /dev/kvm to " + operation);
    UniqueFd vm(ioctl(kvm.get(), KVM_CREATE_VM, static_cast<unsigned long>(vm_type)));
    if (!vm) throw SystemError(errno, operation);
    kvm_userspace_memory_region memslot{};
    memslot.memory_size = AttributePiece::largest;
    memslot.userspace_addr = unused_address;
    if (ioctl(vm.get(), KVM_SET_USER_MEMORY_REGION, &memslot) != 0) throw SystemError(errno, operation);
    return vm;
}

std::chrono::nanoseconds median(std::array<std::chrono::nanoseconds, rounds> times) {
    std::sort(times.begin(), times.end());
    return times[rounds / 2];
}

}  // namespace

ConversionTime measure_conversion(std::uint32_t vm_type) {
    const std::string operation = "measure a conversion on a VM of type " + std::to_string(vm_type);
    const UniqueFd vm = make_vm(vm_type, operation);
    const auto convert = [&](std::uint64_t attributes) {
        const auto begin = std::chrono::steady_clock::now();
        if (set_own_attributes(vm.get(), {0, AttributePiece::largest, attributes}) != 0) throw SystemError(errno, operation);
        return std::chrono::steady_clock::now() - begin;
    };
    std::array<std::chrono::nanoseconds, rounds> to_private;
    std::array<std::chrono::nanoseconds, rounds> to_shared;
    for (std::size_t round = 0; round < rounds; round++) {
        to_private[round] = convert(private_attribute);
        to_shared[round] = convert(0);
    }
    return {median(to_private), median(to_shared)};
}

}  // namespace guestmem::kvm
