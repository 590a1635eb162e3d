// How a system call that a stop interrupted goes on. The kernel leaves its intention in rax (-512 to -516, never seen
// by user space) and acts on it on the way out, if orig_rax still names the call.
#pragma once

#include <cstdint>

#include "registers.h"

namespace guestmem::inject {

/**
 * The registers with which the kernel may finish the interrupted call by itself. Some calls give up with a bare -EINTR
 * when anything wakes them, even a stop without a signal; these are told -ERESTARTNOHAND instead: -EINTR if a handled
 * signal is pending, else from the start again (a relative timeout counts anew).
 */
Registers restarted_by_kernel(const Registers& interrupted, std::uint32_t restartable_ioctl);

/**
 * The registers that restart the call from user space, without the kernel's help: orig_rax names no call. A sleep that
 * was interrupted goes on by restart_syscall, or, where that must not be called, begins again.
 */
Registers restarted_by_hand(const Registers& interrupted, std::uint32_t restartable_ioctl, bool may_restart_by_block);

/** The kernel would make the thread call restart_syscall. */
bool restarts_by_block(const Registers& interrupted);

/** True for the kernel-internal results that mean "interrupted before it was done". */
bool means_interrupted(long result);

}  // namespace guestmem::inject
