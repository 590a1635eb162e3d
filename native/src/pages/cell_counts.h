// Counts the pages of each class in neighbouring cells of equal size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pages/page_classes.h"
#include "pages/run_index.h"

namespace guestmem::pages {

constexpr std::size_t most_cells = 65'536;

/** The entries of cell i are those from offsets[i] to offsets[i + 1], classes rising. */
struct CellCounts {
    std::vector<std::uint32_t> offsets;
    std::vector<std::uint8_t> classes;
    std::vector<double> pages;
};

/** In `cells` cells of `cell_pages` pages each, from `gfn` on; they may reach beyond all gfns. */
CellCounts count_cells(const RunIndex& runs, const PageClasses& classes, std::uint64_t gfn, std::uint64_t cell_pages,
                       std::size_t cells);

}  // namespace guestmem::pages
