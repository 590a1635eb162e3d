// The few instructions that make one system call and then put the thread back, whatever became of us in the meantime.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "attachment.h"

namespace guestmem::inject {

/** Room taken by the stub at the end of the vDSO, a multiple of a machine word. */
constexpr std::size_t stub_room = 64;

struct StubPlace {
    std::uint64_t address;
    bool written;
};

/**
 * The end of the target's vDSO, if it is mapped and nothing but zeros or the stub itself is there. Changes nothing. Else
 * why not: the end of a sentence about the process.
 */
std::variant<StubPlace, std::string> find_stub_place(pid_t pid);

bool is_stub_at(pid_t pid, std::uint64_t address);

/** Writes the stub; the attached thread must be stopped. The target keeps it: later injections find it there. */
bool write_stub(Attachment& attachment, std::uint64_t address);

}  // namespace guestmem::inject
