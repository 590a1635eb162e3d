// Runs an iterator program over threads or their files, to the end.
#pragma once

#include <string>

namespace guestmem::bpf {

/** In place of a pidfd: every process that the caller's pid namespace shows. */
constexpr int all_processes = -1;

/** Throws SystemError; `operation` completes "could not". */
void iterate(int program_fd, int pidfd, const std::string& operation);

}  // namespace guestmem::bpf
