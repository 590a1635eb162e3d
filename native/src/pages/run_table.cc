#include "pages/run_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace guestmem::pages {

bool RunQuery::operator==(const RunQuery& other) const {
    const auto fields = [](const RunQuery& query) {
        return std::tie(query.classes, query.wanted, query.memslot, query.within.start, query.within.end, query.order,
                        query.descending);
    };
    return fields(*this) == fields(other);
}

TablePage RunTable::list(RunQuery query, std::size_t first, std::size_t most) {
    require_classes(*runs_, query.classes);
    const std::lock_guard lock(mutex_);
    if (!last_ || !(*last_ == query)) {
        last_.reset();
        fill(query);
        last_ = std::move(query);
    }
    const std::size_t begin = std::min(first, rows_.size());
    const std::size_t end = begin + std::min(most, rows_.size() - begin);
    const auto at = [this](std::size_t row) { return rows_.begin() + static_cast<std::ptrdiff_t>(row); };
    return {{at(begin), at(end)}, rows_.size(), total_pages_};
}

void RunTable::fill(const RunQuery& query) {
    const RunIndex& runs = *runs_;
    const std::vector<std::uint8_t> wanted = wanted_kinds(query.classes, query.wanted);
    rows_ = {};
    total_pages_ = 0;
    for (std::size_t run = runs.find(query.within.start); run < runs.count(); run++) {
        if (runs.extent(run).start >= query.within.end) break;
        if (wanted[runs.kind_id(run)] == 0) continue;
        if (query.memslot && runs.memslot(run) != *query.memslot) continue;
        rows_.push_back(static_cast<std::uint32_t>(run));
        total_pages_ += runs.pages(run);
    }
    // They are by address, in which equal ones stay.
    const auto sort_by = [&](auto key) {
        std::stable_sort(rows_.begin(), rows_.end(), [&](std::uint32_t one, std::uint32_t other) {
            return query.descending ? key(other) < key(one) : key(one) < key(other);
        });
    };
    switch (query.order) {
        case RunOrder::address:
            if (query.descending) std::reverse(rows_.begin(), rows_.end());
            break;
        case RunOrder::pages:
            sort_by([&](std::uint32_t run) { return runs.pages(run); });
            break;
        case RunOrder::memslot:
            sort_by([&](std::uint32_t run) { return runs.memslot(run); });
            break;
        case RunOrder::page_class:
            sort_by([&](std::uint32_t run) { return query.classes[runs.kind_id(run)]; });
            break;
    }
}

}  // namespace guestmem::pages
