// The events of one recording, by time, in no more memory than it is given: the oldest go first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "events/event_chunk.h"
#include "events/trait_finder.h"

namespace guestmem::events {

class EventLog {
  public:
    explicit EventLog(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    /** The next event; its time is in microseconds since 1970. Throws SystemError EINVAL for an unknown kind. */
    void append(const event_record& event);

    /** Events that are held. */
    std::uint64_t count() const { return appended_ - given_up_; }
    /** Older events that were given up for lack of room. */
    std::uint64_t given_up() const { return given_up_; }
    /** Time of the oldest one that is held. */
    std::optional<std::uint64_t> oldest() const;
    /** How many of each kind there ever were. */
    const std::array<std::uint64_t, EVENT_KIND_END>& counts() const { return counts_; }
    std::size_t bytes() const;
    /** From the event with the number `from` on among all that there ever were, or the oldest that is held; at most `most`. */
    std::vector<event_record> read(std::uint64_t from, std::size_t most) const;
    /** All that are held now, for any thread to read. */
    std::vector<EventSpan> spans() const;

  private:
    void begin_chunk();

    const std::size_t most_bytes_;
    std::deque<std::shared_ptr<EventChunk>> chunks_;
    TraitFinder traits_;
    std::uint64_t appended_ = 0;
    std::uint64_t given_up_ = 0;
    std::uint64_t chunks_given_up_ = 0;
    /** Of all chunks but the last. */
    std::size_t full_bytes_ = 0;
    std::array<std::uint64_t, EVENT_KIND_END> counts_{};
};

}  // namespace guestmem::events
