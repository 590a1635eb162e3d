#include "seccomp_filters.h"

#include <linux/audit.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

namespace guestmem::inject {

namespace {

std::string why_unreadable(int error) {
    switch (error) {
        case EACCES:
            return "reading them takes CAP_SYS_ADMIN and a reader without seccomp filters of its own";
        case EIO:
            return "this kernel does not give them out (CONFIG_CHECKPOINT_RESTORE)";
        case EMEDIUMTYPE:
            return "one is not classic BPF";
        default:
            return std::strerror(error);
    }
}

}  // namespace

seccomp_data call_seen_by_filter(const Registers& registers, std::uint64_t instruction) {
    // The kernel shows the address behind the instruction, which is two bytes long.
    return {static_cast<int>(registers.rax),
            AUDIT_ARCH_X86_64,
            instruction + 2,
            {registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9}};
}

std::optional<Registers> find_harmless_call(const SeccompFilters& filters, const Registers& calling) {
    // The first ones take no arguments; the others are given a descriptor that no process has, and nothing to do.
    constexpr long harmless[] = {SYS_getpid, SYS_gettid, SYS_getuid, SYS_sched_yield, SYS_close,
                                 SYS_read,   SYS_write,  SYS_fstat,  SYS_lseek,       SYS_fcntl};
    Registers registers = calling;
    registers.rdi = ~0ull;
    registers.rsi = registers.rdx = registers.r10 = registers.r8 = registers.r9 = 0;
    for (const long number : harmless) {
        registers.rax = static_cast<unsigned long long>(number);
        if (filters.let_pass(call_seen_by_filter(registers, registers.rip))) return registers;
    }
    return std::nullopt;
}

std::variant<SeccompFilters, std::string> SeccompFilters::read(Attachment& attachment) {
    SeccompFilters filters;
    for (unsigned index = 0;; index++) {
        SeccompProgram program;
        const int error = attachment.read_seccomp_filter(index, program);
        if (error == ENOENT && index != 0) return filters;
        if (error != 0) return why_unreadable(error);
        filters.programs_.push_back(std::move(program));
    }
}

}  // namespace guestmem::inject
