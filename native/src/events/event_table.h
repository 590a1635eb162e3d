// The events that pass a filter as a table shows them, a page of it at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <vector>

#include "events/event_chunk.h"
#include "events/event_filter.h"

namespace guestmem::events {

struct EventPage {
    std::vector<event_record> events;
    /** Row of the first of them. */
    std::uint64_t first;
    /** Rows of the whole table. */
    std::uint64_t total;
    /** Rows before these that were given up since the table was looked at first; from 0 again when it was forgotten meanwhile. */
    std::uint64_t given_up;
};

class EventTable {
  public:
    /**
     * Rows from `first` on (negative: from the end back), at most `most`. How many rows are in each full chunk is kept for
     * the last filters without times, so that to leaf through a table, or to follow its end, looks only at what is shown or
     * is new.
     */
    EventPage list(const std::vector<EventSpan>& spans, const EventFilter& filter, std::int64_t first, std::size_t most);

  private:
    struct KnownRows {
        EventFilter filter;
        /** By number of the chunk. */
        std::map<std::uint64_t, std::uint32_t> of_chunk;
        /** The first chunk that is not given up, and the rows that were in those before it. */
        std::uint64_t first_chunk;
        std::uint64_t given_up;
    };
    struct CountedRows {
        std::vector<std::uint32_t> of_span;
        std::uint64_t given_up;
    };

    CountedRows count_rows(const std::vector<EventSpan>& spans, const EventFilter& filter);
    /** The first of those that are known; what is known of chunks before this one is given up. */
    KnownRows& known_rows(const EventFilter& filter, std::uint64_t first_chunk);

    std::mutex mutex_;
    /** The one used last is the first. */
    std::list<KnownRows> known_;
};

}  // namespace guestmem::events
