// The runs of a map as a table shows them: some of them, sorted, a page of the table at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "pages/page_classes.h"
#include "pages/run_index.h"

namespace guestmem::pages {

enum class RunOrder { address, pages, memslot, page_class };

struct RunQuery {
    PageClasses classes;
    WantedClasses wanted;
    std::optional<std::int32_t> memslot;
    /** Runs that overlap it. */
    Extent within;
    RunOrder order;
    bool descending;

    bool operator==(const RunQuery& other) const;
};

struct TablePage {
    std::vector<std::uint32_t> runs;
    /** Of the whole table. */
    std::size_t total;
    std::uint64_t total_pages;
};

class RunTable {
  public:
    explicit RunTable(std::shared_ptr<const RunIndex> runs) : runs_(std::move(runs)) {}

    /** Rows from `first` on, at most `most`. The last table is kept, so that to leaf through it does not sort again. */
    TablePage list(RunQuery query, std::size_t first, std::size_t most);

  private:
    void fill(const RunQuery& query);

    const std::shared_ptr<const RunIndex> runs_;
    std::mutex mutex_;
    std::optional<RunQuery> last_;
    std::vector<std::uint32_t> rows_;
    std::uint64_t total_pages_ = 0;
};

}  // namespace guestmem::pages
