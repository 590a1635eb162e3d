// Finds the trait of an event among those that the chunk under way has already, by hashing.
#pragma once

#include <cstdint>
#include <vector>

#include "events/event_chunk.h"

namespace guestmem::events {

class TraitFinder {
  public:
    TraitFinder();

    /** Its number in the chunk, to which it is added when it is not there. */
    std::uint16_t find_or_add(EventChunk& chunk, const EventTrait& trait);
    /** For a new chunk. */
    void clear();

  private:
    /** Trait number plus one, 0 = free; linear probing. */
    std::vector<std::uint32_t> slots_;
};

}  // namespace guestmem::events
