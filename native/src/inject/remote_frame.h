// What the stub needs on the thread's own stack: the registers it puts back, and the argument the call points to.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "registers.h"
#include "request.h"

namespace guestmem::inject {

/** Below the stack pointer, 128 bytes belong to the interrupted function: the red zone of the x86-64 ABI. */
constexpr std::uint64_t red_zone = 128;

/**
 * Lies directly below the red zone. The payload is below the stub's stack pointer, within the red zone of the stub
 * itself: a signal handler that runs while the stub does not write over it.
 */
struct RemoteFrame {
    std::uint8_t payload[Payload::capacity];
    // In the order of the stub's pops.
    std::uint64_t rdi, rsi, rdx, r10, r8, r9, rcx, r11, rax, flags, rip;
};
static_assert(Payload::capacity <= red_zone);

/** Where the frame goes for a thread with this stack pointer. */
std::uint64_t frame_address(const Registers& thread);

/** `afterwards` is the state that the stub brings about. Fails (errno) where the thread itself could not write. */
bool write_frame(pid_t pid, std::uint64_t address, const Registers& afterwards, const Payload& payload);

/** The registers with which the thread executes `call` in the stub. */
Registers registers_for_stub(const Registers& thread, std::uint64_t stub, std::uint64_t frame, const SystemCall& call);

}  // namespace guestmem::inject
