#include "events/event_table.h"

#include <algorithm>
#include <numeric>

namespace guestmem::events {
namespace {

constexpr std::size_t most_known = 16;

}  // namespace

std::vector<std::uint32_t> EventTable::count_rows(const std::vector<EventSpan>& spans, const EventFilter& filter) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(known_.begin(), known_.end(), [&](const KnownRows& each) { return each.filter == filter; });
    if (found == known_.end()) {
        known_.push_front({filter, {}});
        if (known_.size() > most_known) known_.pop_back();
    } else {
        known_.splice(known_.begin(), known_, found);
    }
    auto& known = known_.front().of_chunk;
    if (!spans.empty()) known.erase(known.begin(), known.lower_bound(spans.front().number));
    std::vector<std::uint32_t> rows;
    rows.reserve(spans.size());
    for (const EventSpan& span : spans) {
        const bool is_full = span.count == EventChunk::capacity;
        const auto at = is_full ? known.find(span.number) : known.end();
        rows.push_back(at != known.end() ? at->second : static_cast<std::uint32_t>(filter.select(span).size()));
        if (is_full && at == known.end()) known.emplace(span.number, rows.back());
    }
    return rows;
}

EventPage EventTable::list(const std::vector<EventSpan>& spans, const EventFilter& filter, std::int64_t first, std::size_t most) {
    const std::vector<std::uint32_t> rows = count_rows(spans, filter);
    const std::uint64_t total = std::accumulate(rows.begin(), rows.end(), std::uint64_t{0});
    const std::uint64_t begin = first >= 0 ? std::min(static_cast<std::uint64_t>(first), total)
                                           : total - std::min(static_cast<std::uint64_t>(-first), total);
    const std::uint64_t end = begin + std::min<std::uint64_t>(most, total - begin);
    EventPage page = {{}, begin, total};
    page.events.reserve(end - begin);
    std::uint64_t row = 0;
    for (std::size_t i = 0; i < spans.size() && row < end; row += rows[i++]) {
        if (row + rows[i] <= begin) continue;
        const std::vector<std::uint32_t> selected = filter.select(spans[i]);
        const std::uint64_t last = std::min<std::uint64_t>(rows[i], end - row);
        for (std::uint64_t at = begin - std::min(begin, row); at < last; at++) page.events.push_back(spans[i].chunk->event(selected[at]));
    }
    return page;
}

}  // namespace guestmem::events
