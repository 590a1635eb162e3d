#include "bpf/object.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/unique_fd.h"
#include "bpf/verifier_log.h"

namespace guestmem::bpf {
namespace {

constexpr std::size_t verifier_log_size = 1 << 20;
constexpr int load_attempts = 5;

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

UntypedObject::~UntypedObject() {
    if (loaded_) type_.unload(&skeleton_);
}

void UntypedObject::load() {
    if (loaded_) return;
    const std::string operation = std::string("load the BPF program ") + type_.name;
    if (!failed_) {
        std::vector<char> log(verifier_log_size);
        int error = -EAGAIN;
        // The verifier gives up with EAGAIN when a signal is pending.
        for (int attempt = 0; error == -EAGAIN && attempt < load_attempts; attempt++)
            error = type_.load(&skeleton_, log.data(), static_cast<unsigned>(log.size()));
        failed_ = error != 0;
        error_ = -error;
        if (failed_) log_ = log_end(std::string(log.data(), strnlen(log.data(), log.size())));
    }
    if (failed_) throw SystemError(error_, operation, log_);

    records_ = Mapping(skeleton_.records_fd, std::size_t{type_.record_size} * type_.record_count, 0);
    if (!records_) {
        const int error = errno;
        type_.unload(&skeleton_);
        throw SystemError(error, "map the records of the BPF program " + std::string(type_.name));
    }
    loaded_ = true;
}

void UntypedObject::run(int pidfd, const std::string& operation) const {
    const UniqueFd link = create_link(skeleton_.program_fd, pidfd);
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
