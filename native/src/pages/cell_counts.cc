#include "pages/cell_counts.h"

#include <algorithm>
#include <array>

namespace guestmem::pages {
namespace {

/** Takes pages in the order of their gfns. */
class CellCounter {
  public:
    CellCounter(std::uint64_t gfn, std::uint64_t cell_pages, std::size_t cells)
        : gfn_(gfn), cell_pages_(cell_pages), border_(gfn + std::min(cell_pages, gfn_limit)) {
        counts_.offsets.reserve(cells + 1);
        counts_.offsets.push_back(0);
    }

    void add(std::uint64_t start, std::uint64_t end, std::uint8_t page_class) {
        while (start < end) {
            if (start >= border_) move_to(start);
            const std::uint64_t until = std::min(end, border_);
            pages_[page_class] += until - start;
            start = until;
        }
    }

    CellCounts finish(std::size_t cells) {
        finish_cells(cells);
        return std::move(counts_);
    }

  private:
    void move_to(std::uint64_t gfn) {
        const std::uint64_t cell = (gfn - gfn_) / cell_pages_;
        finish_cells(static_cast<std::size_t>(cell));
        border_ = gfn_ + (cell + 1) * cell_pages_;
    }

    /** All that was counted is in the first cell that is not finished. */
    void finish_cells(std::size_t cells) {
        for (std::size_t page_class = 0; page_class < pages_.size(); page_class++) {
            if (pages_[page_class] == 0) continue;
            counts_.classes.push_back(static_cast<std::uint8_t>(page_class));
            counts_.pages.push_back(static_cast<double>(pages_[page_class]));
            pages_[page_class] = 0;
        }
        counts_.offsets.resize(cells + 1, static_cast<std::uint32_t>(counts_.classes.size()));
    }

    const std::uint64_t gfn_;
    const std::uint64_t cell_pages_;
    /** Where the cell that is counted ends. */
    std::uint64_t border_;
    std::array<std::uint64_t, no_class> pages_{};
    CellCounts counts_;
};

}  // namespace

CellCounts count_cells(const RunIndex& runs, const PageClasses& classes, std::uint64_t gfn, std::uint64_t cell_pages,
                       std::size_t cells) {
    require_classes(runs, classes);
    const std::uint64_t reach = gfn_limit - std::min(gfn, gfn_limit);
    const std::uint64_t end = cell_pages > reach / cells ? gfn_limit : gfn + cell_pages * cells;
    CellCounter counter(gfn, cell_pages, cells);
    for (std::size_t run = runs.find(gfn); run < runs.count(); run++) {
        const Extent extent = runs.extent(run);
        if (extent.start >= end) break;
        const std::uint8_t page_class = classes[runs.kind_id(run)];
        if (page_class == no_class) continue;
        counter.add(std::max(extent.start, gfn), std::min(extent.end, end), page_class);
    }
    return counter.finish(cells);
}

}  // namespace guestmem::pages
