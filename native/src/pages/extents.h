// Lists of extents that stay short: near ones are told as one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pages/run_index.h"

namespace guestmem::pages {

/** Sorted; those that touch are one. */
class ExtentList {
  public:
    /** In the order of their gfns. */
    void add(Extent extent);
    /** At most `most` extents that cover all that were added, and as few pages beside them as these can. */
    std::vector<Extent> joined(std::size_t most) &&;

  private:
    std::vector<Extent> extents_;
};

/** Where the kinds of runs, or their memslots, differ. */
std::vector<Extent> differences(const RunIndex& before, const RunIndex& after, std::size_t most);

/** Where runs of the wanted kinds are (not 0, by KindId). */
std::vector<Extent> extents_of(const RunIndex& runs, const std::vector<std::uint8_t>& wanted_kinds, std::size_t most);

}  // namespace guestmem::pages
