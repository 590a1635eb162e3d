#include "kvm/guest_memfd_bytes.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/mapping.h"
#include "base/system_error.h"
#include "kvm/kvm_files.h"
#include "proc/memory.h"

namespace guestmem::kvm {
namespace {

constexpr std::uint64_t page_size = 4096;

}  // namespace

std::optional<std::size_t> read_guest_memfd_bytes(const proc::Process& process, std::uint32_t fd, std::uint64_t offset,
                                                  void* into, std::size_t size) {
    const std::string operation =
        "read bytes of the guest_memfd at fd " + std::to_string(fd) + " of " + process.description();
    if (!is_guest_memfd(process, fd)) return std::nullopt;
    const UniqueFd stolen(static_cast<int>(syscall(SYS_pidfd_getfd, process.pidfd(), fd, 0)));
    if (!stolen) throw SystemError(errno, operation);

    const std::uint64_t first = offset / page_size * page_size;
    const std::uint64_t span = (offset + size - first + page_size - 1) / page_size * page_size;
    const Mapping mapping(stolen.get(), span, static_cast<off_t>(first));
    if (!mapping) return std::nullopt;
    std::vector<unsigned char> resident(span / page_size);
    if (mincore(mapping.data(), span, resident.data()) != 0) throw SystemError(errno, operation);

    const char* bytes = static_cast<const char*>(mapping.data()) + (offset - first);
    std::size_t done = 0;
    while (done < size) {
        const std::uint64_t at = offset + done;
        const std::size_t part = std::min<std::uint64_t>(size - done, page_size - at % page_size);
        char* target = static_cast<char*>(into) + done;
        if ((resident[(at - first) / page_size] & 1) == 0)
            std::memset(target, 0, part);
        else if (const std::size_t copied = proc::read_own_memory(bytes + done, target, part); copied < part)
            return done + copied;
        done += part;
    }
    return done;
}

}  // namespace guestmem::kvm
