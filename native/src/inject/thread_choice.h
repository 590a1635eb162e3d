// Which threads of a process may execute a call, told from /proc alone: nothing is stopped for it.
#pragma once

#include <sys/types.h>

#include <variant>
#include <vector>

#include "outcome.h"
#include "request.h"

namespace guestmem::inject {

/** Threads to be tried in this order (never empty), or why there is none at this moment. */
using ThreadChoice = std::variant<std::vector<pid_t>, Refused>;

ThreadChoice choose_threads(const Target& target, const ThreadPreference& preference);

}  // namespace guestmem::inject
