// How often what happened, in equal parts of a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "events/event_chunk.h"
#include "events/event_filter.h"

namespace guestmem::events {

constexpr std::size_t most_buckets = 65'536;

/** A row of `buckets` counts for each kind from 1 on: of events that pass the filter, in equal parts of [from, to). */
std::vector<std::uint32_t> count_events(const std::vector<EventSpan>& spans, const EventFilter& filter, std::uint64_t from,
                                        std::uint64_t to, std::size_t buckets);

}  // namespace guestmem::events
