// Two maps, run by run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "pages/run_index.h"

namespace guestmem::pages {

/** The run that is there, in either map. */
using RunHere = std::optional<std::size_t>;

/** Calls `visit` for each piece of gfns that has a run in one map or in both, cut where either is. */
template <typename Visit>
void for_each_piece(const RunIndex& before, const RunIndex& after, Visit visit) {
    std::size_t earlier = 0;
    std::size_t later = 0;
    std::uint64_t at = 0;
    const auto next_border = [&at](const RunIndex& runs, std::size_t run) {
        if (run == runs.count()) return gfn_limit;
        const Extent extent = runs.extent(run);
        return extent.start > at ? extent.start : extent.end;
    };
    const auto here = [&at](const RunIndex& runs, std::size_t run) {
        return run < runs.count() && runs.extent(run).start <= at ? RunHere(run) : std::nullopt;
    };
    while (earlier < before.count() || later < after.count()) {
        const std::uint64_t until = std::min(next_border(before, earlier), next_border(after, later));
        const RunHere was = here(before, earlier);
        const RunHere is = here(after, later);
        if (was || is) visit(Extent{at, until}, was, is);
        at = until;
        if (was && before.extent(*was).end == at) earlier++;
        if (is && after.extent(*is).end == at) later++;
    }
}

/** A map whose kinds tell what was and what is. Of maps that are comparisons themselves, what is there counts. */
RunIndex compare(const RunIndex& before, const RunIndex& after);

}  // namespace guestmem::pages
