#include "restart_rules.h"

#include <sys/syscall.h>

#include <cerrno>

namespace guestmem::inject {

namespace {

// include/linux/errno.h of the kernel; user space has no names for them.
constexpr long restart_unless_handled_without_sa_restart = -512;  // ERESTARTSYS
constexpr long restart_always = -513;                             // ERESTARTNOINTR
constexpr long restart_unless_handled = -514;                     // ERESTARTNOHAND
constexpr long restart_by_block = -516;                           // ERESTART_RESTARTBLOCK

// A system call instruction is two bytes long.
constexpr unsigned instruction_size = 2;

bool gives_up_when_woken(const Registers& registers, std::uint32_t restartable_ioctl) {
    switch (registers.orig_rax) {
        case SYS_epoll_wait:
        case SYS_epoll_pwait:
        case SYS_epoll_pwait2:
        case SYS_rt_sigtimedwait:
        case SYS_semop:
        case SYS_semtimedop:
        case SYS_io_uring_enter:
            return true;
        case SYS_ioctl:
            // The kernel looks at the low half only, and some programs pass the request sign-extended.
            return restartable_ioctl != 0 && static_cast<std::uint32_t>(registers.rsi) == restartable_ioctl;
        default:
            return false;
    }
}

}  // namespace

Registers restarted_by_kernel(const Registers& interrupted, std::uint32_t restartable_ioctl) {
    Registers registers = interrupted;
    if (in_system_call(registers) && static_cast<long>(registers.rax) == -EINTR &&
        gives_up_when_woken(registers, restartable_ioctl))
        registers.rax = static_cast<unsigned long long>(restart_unless_handled);
    return registers;
}

Registers restarted_by_hand(const Registers& interrupted, std::uint32_t restartable_ioctl, bool may_restart_by_block) {
    Registers registers = restarted_by_kernel(interrupted, restartable_ioctl);
    if (in_system_call(registers)) {
        switch (static_cast<long>(registers.rax)) {
            case restart_unless_handled_without_sa_restart:
            case restart_always:
            case restart_unless_handled:
                registers.rip -= instruction_size;
                registers.rax = registers.orig_rax;
                break;
            case restart_by_block:
                // The kernel kept how far a sleep had come; this call continues from there.
                registers.rip -= instruction_size;
                registers.rax = may_restart_by_block ? SYS_restart_syscall : registers.orig_rax;
                break;
            default:
                break;
        }
    }
    registers.orig_rax = ~0ull;
    return registers;
}

bool restarts_by_block(const Registers& interrupted) {
    return in_system_call(interrupted) && static_cast<long>(interrupted.rax) == restart_by_block;
}

bool means_interrupted(long result) {
    return result == restart_unless_handled_without_sa_restart || result == restart_always ||
           result == restart_unless_handled || result == restart_by_block;
}

}  // namespace guestmem::inject
