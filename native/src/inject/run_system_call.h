// The library's two entrances: execute one system call inside a thread of another process, and ask whether that would
// be refused. They know nothing of what the call is for.
#pragma once

#include <optional>

#include "outcome.h"
#include "request.h"

namespace guestmem::inject {

/** Looks only. nullopt: nothing was found that would refuse the call. Blocks for a fraction of `time_limit`. */
std::optional<Refused> find_refusal(const Request& request);

/**
 * Executes the call once, in the most suitable thread, and leaves that thread as it was found: registers, stack, signal
 * mask, pending signals and the system call it was in, which goes on. If we are killed at any moment, the thread
 * restores itself. Blocks for `time_limit` at most.
 */
Outcome run_system_call(const Request& request);

}  // namespace guestmem::inject
