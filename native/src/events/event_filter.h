// Which events are asked for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "events/event_chunk.h"

namespace guestmem::events {

/** What the start of an event is an address in. */
enum class PlaceKind { none, gpa, hva, guest_memfd };

/** [start, end) of guest physical addresses, of host virtual ones, or of the file with that inode (else 0). */
struct Place {
    PlaceKind kind;
    std::uint64_t inode;
    std::uint64_t start;
    std::uint64_t end;
};

class EventFilter {
  public:
    /** Kinds are bits; times are [from, to); without places the memory does not matter. */
    EventFilter(std::uint32_t kinds, bool failed, std::uint64_t from, std::uint64_t to, const std::optional<std::vector<Place>>& places);

    bool operator==(const EventFilter& other) const;
    /** Calls `take(event)` with the number in the chunk of each event that passes, in order. */
    template <typename Take>
    void for_each(const EventSpan& span, Take take) const;

  private:
    using Intervals = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

    /** What is asked of the events that have a trait. */
    struct Demand {
        bool passes;
        /** Where they must be; null = anywhere. */
        const Intervals* within;
        std::uint64_t size;
    };

    Demand demand_of(const EventTrait& trait) const;
    static bool overlap(const Intervals& intervals, std::uint64_t start, std::uint64_t size);

    std::uint32_t kinds_;
    bool failed_;
    std::uint64_t from_;
    std::uint64_t to_;
    bool anywhere_;
    /** By kind of place and inode; sorted and disjoint. */
    std::map<std::pair<PlaceKind, std::uint64_t>, Intervals> places_;
};

template <typename Take>
void EventFilter::for_each(const EventSpan& span, Take take) const {
    const EventChunk& chunk = *span.chunk;
    std::vector<Demand> demands(span.traits);
    bool any = false;
    for (std::uint32_t i = 0; i < span.traits; i++) {
        demands[i] = demand_of(chunk.trait(i));
        any = any || demands[i].passes;
    }
    if (!any) return;
    for (std::uint32_t event = 0; event < span.count; event++) {
        const Demand& demand = demands[chunk.trait_number(event)];
        if (!demand.passes) continue;
        if (chunk.time(event) < from_ || chunk.time(event) >= to_) continue;
        if (demand.within != nullptr && !overlap(*demand.within, chunk.start(event), demand.size)) continue;
        take(event);
    }
}

}  // namespace guestmem::events
