#include "events/event_counts.h"

#include <algorithm>

namespace guestmem::events {

std::vector<std::uint32_t> count_events(const std::vector<EventSpan>& spans, const EventFilter& filter, std::uint64_t from,
                                        std::uint64_t to, std::size_t buckets) {
    std::vector<std::uint32_t> counts(buckets * (EVENT_KIND_END - 1));
    const double buckets_per_microsecond = static_cast<double>(buckets) / static_cast<double>(to - from);
    for (const EventSpan& span : spans) {
        const EventChunk& chunk = *span.chunk;
        if (span.latest < from || span.earliest >= to) continue;
        for (const std::uint32_t event : filter.select(span)) {
            const std::uint64_t time = chunk.time(event);
            if (time < from || time >= to) continue;
            const auto bucket = static_cast<std::size_t>(static_cast<double>(time - from) * buckets_per_microsecond);
            const std::size_t row = chunk.trait(chunk.trait_number(event)).kind - 1u;
            counts[row * buckets + std::min(bucket, buckets - 1)]++;
        }
    }
    return counts;
}

}  // namespace guestmem::events
