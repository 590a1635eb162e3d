#include "pages/class_search.h"

namespace guestmem::pages {

std::optional<std::size_t> find_class(const RunIndex& runs, const PageClasses& classes, const WantedClasses& wanted,
                                      std::size_t run, bool forward) {
    require_classes(runs, classes);
    const std::vector<std::uint8_t> kinds = wanted_kinds(classes, wanted);
    // Back from 0 wraps around to a number that no run has.
    for (; run < runs.count(); forward ? run++ : run--)
        if (kinds[runs.kind_id(run)] != 0) return run;
    return std::nullopt;
}

}  // namespace guestmem::pages
