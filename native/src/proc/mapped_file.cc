#include "proc/mapped_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <memory>

#include "base/system_error.h"

namespace guestmem::proc {
namespace {

struct FileMapping {
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t file_offset;
};

std::optional<FileMapping> find_mapping(const Process& process, std::uint64_t address) {
    UniqueFd fd(openat(process.directory(), "maps", O_RDONLY | O_CLOEXEC));
    if (!fd) throw SystemError(errno, "read the mappings of " + process.description());
    const std::unique_ptr<FILE, int (*)(FILE*)> maps(fdopen(fd.get(), "r"), fclose);
    if (!maps) throw SystemError(errno, "read the mappings of " + process.description());
    fd.release();

    char* line = nullptr;
    std::size_t capacity = 0;
    std::optional<FileMapping> found;
    while (!found && getline(&line, &capacity, maps.get()) > 0) {
        FileMapping mapping{};
        if (std::sscanf(line, "%" SCNx64 "-%" SCNx64 " %*4c %" SCNx64, &mapping.start, &mapping.end,
                        &mapping.file_offset) != 3)
            continue;
        if (mapping.start > address) break;
        if (address < mapping.end) found = mapping;
    }
    free(line);
    return found;
}

/** Opened in two steps, since opening a device or a FIFO by mistake would do something to it. */
UniqueFd open_regular_file(const Process& process, const FileMapping& mapping) {
    char link[64];
    std::snprintf(link, sizeof(link), "map_files/%" PRIx64 "-%" PRIx64, mapping.start, mapping.end);
    const UniqueFd path(openat(process.directory(), link, O_PATH | O_CLOEXEC));
    struct statx status {};
    if (!path || statx(path.get(), "", AT_EMPTY_PATH, STATX_TYPE, &status) != 0 || !S_ISREG(status.stx_mode))
        return UniqueFd();
    const std::string again = "/proc/self/fd/" + std::to_string(path.get());
    UniqueFd fd(open(again.c_str(), O_RDONLY | O_CLOEXEC | O_NOATIME));
    // O_NOATIME is for the file's owner and the privileged.
    return fd || errno != EPERM ? std::move(fd) : UniqueFd(open(again.c_str(), O_RDONLY | O_CLOEXEC));
}

/** Reading these two neither blocks on a device nor fills holes; they do not know RWF_NOWAIT everywhere. */
bool lives_in_memory(int fd) {
    struct statfs status {};
    if (fstatfs(fd, &status) != 0) return false;
    return status.f_type == TMPFS_MAGIC || status.f_type == HUGETLBFS_MAGIC;
}

}  // namespace

std::optional<std::size_t> read_mapped_file(const Process& process, std::uint64_t address, void* into,
                                            std::size_t size) {
    const std::optional<FileMapping> mapping = find_mapping(process, address);
    if (!mapping) return std::nullopt;
    const UniqueFd file = open_regular_file(process, *mapping);
    process.require_alive();
    if (!file) return std::nullopt;

    const int flags = lives_in_memory(file.get()) ? 0 : RWF_NOWAIT;
    const std::size_t wanted = std::min<std::uint64_t>(size, mapping->end - address);
    const std::uint64_t offset = mapping->file_offset + (address - mapping->start);
    std::size_t done = 0;
    while (done < wanted) {
        const iovec part{static_cast<char*>(into) + done, wanted - done};
        const ssize_t count = preadv2(file.get(), &part, 1, static_cast<off_t>(offset + done), flags);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

}  // namespace guestmem::proc
