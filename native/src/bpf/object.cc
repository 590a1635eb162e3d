#include "bpf/object.h"

#include <cerrno>

#include "bpf/load.h"

namespace guestmem::bpf {

UntypedObject::~UntypedObject() {
    if (loaded_) type_.unload(&skeleton_);
}

void UntypedObject::load() {
    if (loaded_) return;
    if (!failed_) {
        error_ = bpf::load(type_, skeleton_, log_);
        failed_ = error_ != 0;
    }
    if (failed_) throw SystemError(error_, std::string("load the BPF program ") + type_.name, log_);

    records_ = Mapping(skeleton_.records_fd, std::size_t{type_.record_size} * type_.record_count, 0);
    if (!records_) {
        const int error = errno;
        type_.unload(&skeleton_);
        throw SystemError(error, "map the records of the BPF program " + std::string(type_.name));
    }
    loaded_ = true;
}

void UntypedObject::run(int pidfd, const std::string& operation) const {
    iterate(skeleton_.program_fd, pidfd, operation);
}

}  // namespace guestmem::bpf
