#include "bpf/iteration.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/system_error.h"
#include "base/unique_fd.h"

namespace guestmem::bpf {
namespace {

long call_bpf(bpf_cmd command, bpf_attr& attributes, std::size_t size) {
    return syscall(SYS_bpf, command, &attributes, size);
}

/** An iteration over threads or their files, of one process only unless it is to be all. */
UniqueFd create_link(int program_fd, int pidfd) {
    bpf_iter_link_info process{};
    process.task.pid_fd = static_cast<__u32>(pidfd);
    bpf_attr attributes{};
    attributes.link_create.prog_fd = static_cast<__u32>(program_fd);
    attributes.link_create.attach_type = BPF_TRACE_ITER;
    if (pidfd != all_processes) {
        attributes.link_create.iter_info = reinterpret_cast<__u64>(&process);
        attributes.link_create.iter_info_len = sizeof(process);
    }
    return UniqueFd(static_cast<int>(call_bpf(BPF_LINK_CREATE, attributes, sizeof(attributes.link_create))));
}

UniqueFd create_iteration(int link_fd) {
    bpf_attr attributes{};
    attributes.iter_create.link_fd = static_cast<__u32>(link_fd);
    return UniqueFd(static_cast<int>(call_bpf(BPF_ITER_CREATE, attributes, sizeof(attributes.iter_create))));
}

}  // namespace

void iterate(int program_fd, int pidfd, const std::string& operation) {
    const UniqueFd link = create_link(program_fd, pidfd);
    if (!link) throw SystemError(errno, operation);
    const UniqueFd iteration = create_iteration(link.get());
    if (!iteration) throw SystemError(errno, operation);

    // The programs write nothing here, so reading only drives them; a long iteration pauses with EAGAIN.
    char nothing;
    ssize_t result;
    do {
        result = read(iteration.get(), &nothing, sizeof(nothing));
    } while (result > 0 || (result < 0 && (errno == EAGAIN || errno == EINTR)));
    if (result < 0) throw SystemError(errno, operation);
}

}  // namespace guestmem::bpf
