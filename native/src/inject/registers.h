#pragma once

#include <sys/user.h>

#ifndef __x86_64__
#error "Injection is written for x86-64: the stub, the frame and the restart rules are its own."
#endif

namespace guestmem::inject {

using Registers = user_regs_struct;

/** The thread is in a system call, or on its way out of one. Only there can it not be in an rseq critical section. */
inline bool in_system_call(const Registers& registers) {
    return static_cast<long long>(registers.orig_rax) >= 0;
}

}  // namespace guestmem::inject
