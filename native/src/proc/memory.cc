#include "proc/memory.h"

#include <sys/uio.h>
#include <unistd.h>

#include "base/system_error.h"

namespace guestmem::proc {
namespace {

std::size_t copy_from(pid_t pid, std::uint64_t address, void* into, std::size_t size, const std::string& operation) {
    std::size_t done = 0;
    while (done < size) {
        const iovec local{static_cast<char*>(into) + done, size - done};
        const iovec remote{reinterpret_cast<void*>(address + done), size - done};
        const ssize_t count = process_vm_readv(pid, &local, 1, &remote, 1, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno != EFAULT) throw SystemError(errno, operation);
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

}  // namespace

std::size_t read_memory(const Process& process, std::uint64_t address, void* into, std::size_t size) {
    const std::size_t done =
        copy_from(process.pid(), address, into, size, "read the memory of " + process.description());
    process.require_alive();
    return done;
}

std::size_t write_memory(const Process& process, std::uint64_t address, const void* from, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
        const iovec local{const_cast<char*>(static_cast<const char*>(from)) + done, size - done};
        const iovec remote{reinterpret_cast<void*>(address + done), size - done};
        const ssize_t count = process_vm_writev(process.pid(), &local, 1, &remote, 1, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno != EFAULT) throw SystemError(errno, "write the memory of " + process.description());
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
    }
    process.require_alive();
    return done;
}

std::size_t read_own_memory(const void* from, void* into, std::size_t size) {
    return copy_from(getpid(), reinterpret_cast<std::uint64_t>(from), into, size, "copy mapped memory");
}

}  // namespace guestmem::proc
