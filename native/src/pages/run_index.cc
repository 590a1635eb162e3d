#include "pages/run_index.h"

#include <algorithm>
#include <string>

#include "base/system_error.h"

namespace guestmem::pages {

void RunIndex::reserve(std::size_t runs) {
    // Lists of runs are told as 32-bit numbers.
    if (runs > UINT32_MAX) throw SystemError(E2BIG, "index more than 2^32 runs of pages");
    starts_.reserve(runs);
    ends_.reserve(runs);
    memslots_.reserve(runs);
    kinds_.reserve(runs);
}

void RunIndex::append(Extent extent, std::int32_t memslot, const Kind& kind) {
    const std::uint64_t least = ends_.empty() ? 0 : ends_.back();
    if (extent.start < least || extent.end <= extent.start || extent.end > gfn_limit || memslot < -1) {
        throw SystemError(EINVAL, "index page runs: run " + std::to_string(count()) +
                                      " is empty, begins before the end of the one before, reaches beyond gfn 2^52 or "
                                      "names no memslot");
    }
    const KindId id = table_.add(kind);
    if (id == kind_pages_.size()) kind_pages_.push_back(0);
    kind_pages_[id] += extent.end - extent.start;
    starts_.push_back(extent.start);
    ends_.push_back(extent.end);
    memslots_.push_back(memslot);
    kinds_.push_back(id);
}

std::size_t RunIndex::find(std::uint64_t gfn) const {
    return static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), gfn) - ends_.begin());
}

std::size_t RunIndex::bytes() const {
    const auto taken = [](const auto& column) { return column.capacity() * sizeof(column[0]); };
    return sizeof *this + taken(starts_) + taken(ends_) + taken(memslots_) + taken(kinds_) + taken(kind_pages_) +
           table_.bytes();
}

}  // namespace guestmem::pages
