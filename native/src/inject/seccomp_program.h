// What a seccomp filter would answer to a system call, computed as the kernel computes it.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace guestmem::inject {

/** Classic BPF, as PTRACE_SECCOMP_GET_FILTER gives it out. */
using SeccompProgram = std::vector<sock_filter>;

/** The SECCOMP_RET_… value with its data. Empty for a program that the kernel would not have accepted. */
std::optional<std::uint32_t> run_seccomp_program(const SeccompProgram& program, const seccomp_data& call);

/** The kernel makes the call if every one of the stacked filters lets it pass. */
bool lets_pass(const std::vector<SeccompProgram>& filters, const seccomp_data& call);

}  // namespace guestmem::inject
