#include "bpf/recorder.h"

#include <cerrno>

#include "base/system_error.h"
#include "bpf/iteration.h"
#include "bpf/load.h"

namespace guestmem::bpf {

Recorder::Recorder(const recorder_type& type, int pidfd, std::uint32_t fd) : type_(type) {
    const std::string programs = std::string("the BPF programs of ") + type.skeleton.name;
    std::string log;
    if (const int error = load(type.skeleton, skeleton_, log); error != 0) throw SystemError(error, "load " + programs, log);
    try {
        ring_ = Ring(skeleton_.records_fd, RECORDER_RING_SIZE);
        if (!ring_) throw SystemError(errno, "map the ring of " + programs);
        state()->wanted_fd = fd;
        iterate(skeleton_.program_fd, pidfd, "find the VM to record");
        if (state()->found == 0) throw SystemError(ESRCH, "find the VM to record");
        if (const int error = type.attach(&skeleton_); error != 0) throw SystemError(-error, "attach " + programs);
    } catch (...) {
        type.skeleton.unload(&skeleton_);
        throw;
    }
}

Recorder::~Recorder() { type_.skeleton.unload(&skeleton_); }

}  // namespace guestmem::bpf
