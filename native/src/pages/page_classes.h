// The class of each kind of pages, as whoever asks divides them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/system_error.h"
#include "pages/run_index.h"

namespace guestmem::pages {

/** The class of pages that do not count. */
constexpr std::uint8_t no_class = 255;

/** By KindId. */
using PageClasses = std::vector<std::uint8_t>;

/** Not 0 for each class that is asked for. */
using WantedClasses = std::array<std::uint8_t, 256>;

inline void require_classes(const RunIndex& runs, const PageClasses& classes) {
    if (classes.size() != runs.kinds().size()) throw SystemError(EINVAL, "take classOfKind, which must have a class for each kind");
}

/** Not 0 for each kind of a class that is asked for. */
inline std::vector<std::uint8_t> wanted_kinds(const PageClasses& classes, const WantedClasses& wanted) {
    std::vector<std::uint8_t> kinds(classes.size());
    std::transform(classes.begin(), classes.end(), kinds.begin(),
                   [&](std::uint8_t one) { return one == no_class ? 0 : wanted[one]; });
    return kinds;
}

}  // namespace guestmem::pages
