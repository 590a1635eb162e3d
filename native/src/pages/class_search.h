// Looks for the next run of some classes.
#pragma once

#include <cstddef>
#include <optional>

#include "pages/page_classes.h"
#include "pages/run_index.h"

namespace guestmem::pages {

/** From `run` on, itself included, forward or back. */
std::optional<std::size_t> find_class(const RunIndex& runs, const PageClasses& classes, const WantedClasses& wanted,
                                      std::size_t run, bool forward);

}  // namespace guestmem::pages
