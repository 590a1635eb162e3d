#include "attachment.h"

#include <elf.h>
#include <linux/audit.h>
#include <linux/ptrace.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace guestmem::inject {

namespace {

// A stop usually comes within tens of microseconds, while the thread is held: watch closely, then ever less so.
class Pause {
  public:
    void rest() {
        if (Clock::now() < closely_until_) {
            sched_yield();
            return;
        }
        std::this_thread::sleep_for(length_);
        length_ = std::min(length_ * 2, longest);
    }

  private:
    static constexpr std::chrono::microseconds longest{1000};
    const Clock::time_point closely_until_ = Clock::now() + std::chrono::microseconds(200);
    std::chrono::microseconds length_{20};
};

Stop classify(const siginfo_t& info) {
    if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) return {Stop::Kind::gone};
    const int signal = info.si_status & 0xff;
    const int event = info.si_status >> 8;
    if (event == PTRACE_EVENT_STOP)
        return signal == SIGTRAP ? Stop{Stop::Kind::interrupted} : Stop{Stop::Kind::job_control, signal};
    if (signal == (SIGTRAP | 0x80)) return {Stop::Kind::system_call};
    return {Stop::Kind::signal, signal};
}

}  // namespace

// TRACESYSGOOD is not for telling stops apart: if we die at a system call stop, the kernel sends the thread the stop's
// number as a signal. With the option that is 133, no signal at all; without it SIGTRAP, which kills.
Attachment::Attachment(pid_t tid, const StepObserver& observer) : tid_(tid), observer_(observer) {
    attached_ = request("seize", PTRACE_SEIZE, 0, PTRACE_O_TRACESYSGOOD) == 0;
    if (!attached_) error_ = errno;
}

bool Attachment::interrupt() {
    if (interrupted_at_ == Clock::time_point{}) interrupted_at_ = Clock::now();
    return request("interrupt", PTRACE_INTERRUPT, 0, 0) == 0;
}

// Never PTRACE_SINGLESTEP: the trap it leaves pending kills the thread if we die.
bool Attachment::resume_to_system_call(const char* step) {
    return request(step, PTRACE_SYSCALL, 0, 0) == 0;
}

Stop Attachment::wait(Clock::time_point deadline) {
    for (Pause pause;;) {
        siginfo_t info{};
        // WNOWAIT: a stop that was reaped has handed its signal to us, and with our death the signal would be lost.
        if (waitid(P_PID, static_cast<id_t>(tid_), &info, WSTOPPED | WEXITED | WNOWAIT | WNOHANG | __WALL) != 0)
            return {Stop::Kind::gone};
        if (info.si_pid == tid_) {
            observe("wait");
            return classify(info);
        }
        if (Clock::now() >= deadline) return {Stop::Kind::timeout};
        pause.rest();
    }
}

bool Attachment::read(Registers& registers) {
    iovec vector{&registers, sizeof registers};
    // A 32-bit task has a shorter register set.
    return request("read registers", PTRACE_GETREGSET, NT_PRSTATUS, reinterpret_cast<std::uintptr_t>(&vector)) == 0 &&
           vector.iov_len == sizeof registers;
}

bool Attachment::write(const Registers& registers, const char* step) {
    iovec vector{const_cast<Registers*>(&registers), sizeof registers};
    return request(step, PTRACE_SETREGSET, NT_PRSTATUS, reinterpret_cast<std::uintptr_t>(&vector)) == 0;
}

bool Attachment::write_word(std::uint64_t address, long word) {
    return request("write word", PTRACE_POKEDATA, address, static_cast<std::uintptr_t>(word)) == 0;
}

int Attachment::read_seccomp_filter(unsigned index, SeccompProgram& program) {
    const long length = request("measure seccomp filter", PTRACE_SECCOMP_GET_FILTER, index, 0);
    if (length < 0) return errno;
    program.resize(static_cast<std::size_t>(length));
    const std::uintptr_t into = reinterpret_cast<std::uintptr_t>(program.data());
    return request("read seccomp filter", PTRACE_SECCOMP_GET_FILTER, index, into) == length ? 0 : errno;
}

int Attachment::suspend_seccomp() {
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_SUSPEND_SECCOMP;
    return request("suspend seccomp", PTRACE_SETOPTIONS, 0, options) == 0 ? 0 : errno;
}

bool Attachment::uses_64_bit_calls() {
    ptrace_syscall_info info{};
    return request("read call convention", PTRACE_GET_SYSCALL_INFO, sizeof info,
                   reinterpret_cast<std::uintptr_t>(&info)) > 0 &&
           info.arch == AUDIT_ARCH_X86_64;
}

void Attachment::detach(int signal) {
    if (!attached_) return;
    attached_ = false;
    request("detach", PTRACE_DETACH, 0, static_cast<std::uintptr_t>(signal));
    detached_at_ = Clock::now();
}

std::chrono::microseconds Attachment::stopped() const {
    if (interrupted_at_ == Clock::time_point{}) return std::chrono::microseconds{0};
    return std::chrono::duration_cast<std::chrono::microseconds>(detached_at_ - interrupted_at_);
}

void Attachment::observe(const char* step) const {
    if (observer_) observer_(step);
}

// The system call itself: glibc's wrapper has other types and conflicts with <linux/ptrace.h>.
long Attachment::request(const char* step, int request, std::uintptr_t address, std::uintptr_t data) {
    const long result = syscall(SYS_ptrace, request, tid_, address, data);
    const int error = errno;
    observe(step);
    errno = error;
    return result;
}

}  // namespace guestmem::inject
