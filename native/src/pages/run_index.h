// The runs of one map in columns, 22 bytes a run: complete once built, then only read, by any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pages/kind_table.h"

namespace guestmem::pages {

/** gfns are below it: a double and the 52 bits of a guest physical address hold them. */
constexpr std::uint64_t gfn_limit = std::uint64_t{1} << 52;

/** [start, end) in gfns. */
struct Extent {
    std::uint64_t start;
    std::uint64_t end;
};

class RunIndex {
  public:
    void reserve(std::size_t runs);
    /** The next run. Throws SystemError EINVAL when it is empty, begins before the last one's end or reaches too far. */
    void append(Extent extent, std::int32_t memslot, const Kind& kind);

    std::size_t count() const { return starts_.size(); }
    Extent extent(std::size_t run) const { return {starts_[run], ends_[run]}; }
    std::uint64_t pages(std::size_t run) const { return ends_[run] - starts_[run]; }
    /** -1 = none. */
    std::int32_t memslot(std::size_t run) const { return memslots_[run]; }
    KindId kind_id(std::size_t run) const { return kinds_[run]; }
    const Kind& kind(std::size_t run) const { return table_.rows()[kinds_[run]]; }

    const std::vector<Kind>& kinds() const { return table_.rows(); }
    /** Pages of each kind. */
    const std::vector<std::uint64_t>& kind_pages() const { return kind_pages_; }

    /** The run that holds `gfn`, or the first one after it; count() when there is none. */
    std::size_t find(std::uint64_t gfn) const;

    std::size_t bytes() const;

  private:
    std::vector<std::uint64_t> starts_;
    std::vector<std::uint64_t> ends_;
    std::vector<std::int32_t> memslots_;
    std::vector<KindId> kinds_;
    KindTable table_;
    std::vector<std::uint64_t> kind_pages_;
};

}  // namespace guestmem::pages
