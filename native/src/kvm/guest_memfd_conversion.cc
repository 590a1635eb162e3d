#include "kvm/guest_memfd_conversion.h"

#include <linux/ioctl.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "kvm/page_range.h"
#include "kvm/taken_guest_memfd.h"

namespace guestmem::kvm {
namespace {

// <linux/kvm.h> of the kernels that convert in place; older headers lack it.
struct KvmMemoryAttributes2 {
    std::uint64_t offset;
    std::uint64_t size;
    std::uint64_t attributes;
    std::uint64_t flags;
    std::uint64_t error_offset;
    std::uint64_t reserved[11];
};
constexpr unsigned long kvm_set_memory_attributes2 = _IOWR(0xae, 0xd2, KvmMemoryAttributes2);

ConversionAnswer set_attributes(int guest_memfd, KvmMemoryAttributes2 wanted) {
    KvmMemoryAttributes2 request;
    int result;
    do {
        request = wanted;
        result = ioctl(guest_memfd, kvm_set_memory_attributes2, &request);
    } while (result != 0 && errno == EINTR);
    return {result == 0 ? 0 : errno, request.error_offset};
}

}  // namespace

std::optional<ConversionAnswer> convert_guest_memfd(const proc::Process& process, std::uint32_t fd, std::uint64_t inode,
                                                    std::uint64_t offset, std::uint64_t size,
                                                    std::uint64_t attributes) {
    require_pages("convert", offset, size, INT64_MAX - 4095);
    const std::optional<UniqueFd> taken = take_guest_memfd(process, fd, inode);
    if (!taken) return std::nullopt;
    return set_attributes(taken->get(), {offset, size, attributes, 0, 0, {}});
}

std::optional<bool> takes_conversions(const proc::Process& process, std::uint32_t fd, std::uint64_t inode) {
    const std::optional<UniqueFd> taken = take_guest_memfd(process, fd, inode);
    if (!taken) return std::nullopt;
    // No page is asked for: a kernel that knows the ioctl says EINVAL, others ENOTTY.
    return set_attributes(taken->get(), {}).error == EINVAL;
}

}  // namespace guestmem::kvm
