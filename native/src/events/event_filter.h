// Which events are asked for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "events/event_chunk.h"
#include "events/interval_set.h"

namespace guestmem::events {

/** The end of all times: exact as a JavaScript number. */
constexpr std::uint64_t latest_time = (std::uint64_t{1} << 53) - 1;

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
    bool has_times() const { return from_ > 0 || to_ < latest_time; }
    /** The numbers in the chunk of the events that pass, in order. */
    std::vector<std::uint32_t> select(const EventSpan& span) const;

  private:
    /** What the starts of a trait's events pass first; and then, if that is not null, the events overlap `within`. */
    struct Demand {
        Sieve sieve;
        const IntervalSet* within;
        std::uint64_t size;
    };

    bool wants(const EventTrait& trait) const;
    Demand demand_of(const EventTrait& trait) const;

    std::uint32_t kinds_;
    bool failed_;
    std::uint64_t from_;
    std::uint64_t to_;
    bool anywhere_;
    /** By kind of place and inode. */
    std::map<std::pair<PlaceKind, std::uint64_t>, IntervalSet> places_;
};

}  // namespace guestmem::events
