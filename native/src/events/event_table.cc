#include "events/event_table.h"

#include <algorithm>
#include <numeric>

namespace guestmem::events {
namespace {

constexpr std::size_t most_known = 16;

}  // namespace

EventTable::KnownRows& EventTable::known_rows(const EventFilter& filter, std::uint64_t first_chunk) {
    const auto found = std::find_if(known_.begin(), known_.end(), [&](const KnownRows& each) { return each.filter == filter; });
    if (found == known_.end()) {
        known_.push_front({filter, {}, first_chunk, 0});
        if (known_.size() > most_known) known_.pop_back();
    } else {
        known_.splice(known_.begin(), known_, found);
    }
    KnownRows& known = known_.front();
    while (!known.of_chunk.empty() && known.of_chunk.begin()->first < first_chunk) {
        known.given_up += known.of_chunk.begin()->second;
        known.of_chunk.erase(known.of_chunk.begin());
    }
    known.first_chunk = std::max(known.first_chunk, first_chunk);
    return known;
}

EventTable::CountedRows EventTable::count_rows(const std::vector<EventSpan>& spans, const EventFilter& filter) {
    const auto count = [&](const EventSpan& span) { return static_cast<std::uint32_t>(filter.select(span).size()); };
    CountedRows counted = {{}, 0};
    counted.of_span.reserve(spans.size());
    if (filter.has_times()) {
        for (const EventSpan& span : spans) counted.of_span.push_back(count(span));
        return counted;
    }
    const std::lock_guard lock(mutex_);
    KnownRows& known = known_rows(filter, spans.empty() ? 0 : spans.front().number);
    counted.given_up = known.given_up;
    for (const EventSpan& span : spans) {
        // Who asked later may be answered earlier: then this chunk was given up since.
        const bool is_gone = span.number < known.first_chunk;
        const bool is_kept = span.count == EventChunk::capacity && !is_gone;
        const auto at = is_kept ? known.of_chunk.find(span.number) : known.of_chunk.end();
        const std::uint32_t rows = at != known.of_chunk.end() ? at->second : count(span);
        if (is_kept && at == known.of_chunk.end()) known.of_chunk.emplace(span.number, rows);
        if (is_gone) counted.given_up -= std::min<std::uint64_t>(rows, counted.given_up);
        counted.of_span.push_back(rows);
    }
    return counted;
}

EventPage EventTable::list(const std::vector<EventSpan>& spans, const EventFilter& filter, std::int64_t first, std::size_t most) {
    const auto [rows, given_up] = count_rows(spans, filter);
    const std::uint64_t total = std::accumulate(rows.begin(), rows.end(), std::uint64_t{0});
    const std::uint64_t begin = first >= 0 ? std::min(static_cast<std::uint64_t>(first), total)
                                           : total - std::min(static_cast<std::uint64_t>(-first), total);
    const std::uint64_t end = begin + std::min<std::uint64_t>(most, total - begin);
    EventPage page = {{}, begin, total, given_up};
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
