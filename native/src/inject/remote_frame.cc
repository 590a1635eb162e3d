#include "remote_frame.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>

namespace guestmem::inject {

std::uint64_t frame_address(const Registers& thread) {
    return thread.rsp - red_zone - sizeof(RemoteFrame);
}

bool write_frame(pid_t pid, std::uint64_t address, const Registers& afterwards, const Payload& payload) {
    RemoteFrame frame{};
    std::copy_n(payload.bytes.begin(), payload.size, frame.payload);
    frame.rdi = afterwards.rdi;
    frame.rsi = afterwards.rsi;
    frame.rdx = afterwards.rdx;
    frame.r10 = afterwards.r10;
    frame.r8 = afterwards.r8;
    frame.r9 = afterwards.r9;
    frame.rcx = afterwards.rcx;
    frame.r11 = afterwards.r11;
    frame.rax = afterwards.rax;
    frame.flags = afterwards.eflags;
    frame.rip = afterwards.rip;

    // process_vm_writev respects page protection; ptrace and /proc/PID/mem would write through a stack's guard page.
    const iovec local{&frame, sizeof frame};
    const iovec remote{reinterpret_cast<void*>(address), sizeof frame};
    return process_vm_writev(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(sizeof frame);
}

Registers registers_for_stub(const Registers& thread, std::uint64_t stub, std::uint64_t frame, const SystemCall& call) {
    std::array<std::uint64_t, 6> arguments = call.arguments;
    if (call.payload.size != 0) arguments[call.payload.argument] = frame + offsetof(RemoteFrame, payload);

    Registers registers = thread;
    registers.rip = stub;
    registers.rsp = frame + offsetof(RemoteFrame, rdi);
    registers.rax = static_cast<unsigned long long>(call.number);
    // No call to restart: otherwise the kernel would move rip on the way out.
    registers.orig_rax = ~0ull;
    registers.rdi = arguments[0];
    registers.rsi = arguments[1];
    registers.rdx = arguments[2];
    registers.r10 = arguments[3];
    registers.r8 = arguments[4];
    registers.r9 = arguments[5];
    return registers;
}

}  // namespace guestmem::inject
