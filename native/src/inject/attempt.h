// One attempt to execute the call in one chosen thread.
#pragma once

#include <sys/types.h>

#include "outcome.h"
#include "request.h"
#include "stub.h"

namespace guestmem::inject {

struct Attempt {
    /** Reason::no_thread: this thread cannot do it now, another one or a later moment may. */
    Outcome outcome;
    /** How long the thread was held, whatever came of it. */
    std::chrono::microseconds stopped;
};

/**
 * `stub` is as it was found before. Blocks until `deadline` at most. Everything that was changed in the thread is
 * undone, by us or by the stub.
 */
Attempt attempt_in_thread(const Request& request, pid_t tid, const StubPlace& stub, Clock::time_point deadline);

}  // namespace guestmem::inject
