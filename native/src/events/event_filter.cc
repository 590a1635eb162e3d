#include "events/event_filter.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace guestmem::events {
namespace {

PlaceKind place_kind(std::uint16_t kind) {
    switch (kind) {
        case EVENT_GUEST_MEMFD:
        case EVENT_SHADOW_FAULT:
            return PlaceKind::none;
        case EVENT_UNMAPPED:
            return PlaceKind::hva;
        case EVENT_ALLOCATE:
        case EVENT_PUNCH:
        case EVENT_PAGES_ADDED:
        case EVENT_PAGES_REMOVED:
        case EVENT_GUEST_MEMFD_ATTRIBUTES:
            return PlaceKind::guest_memfd;
        default:
            return PlaceKind::gpa;
    }
}

}  // namespace

EventFilter::EventFilter(std::uint32_t kinds, bool failed, std::uint64_t from, std::uint64_t to,
                         const std::optional<std::vector<Place>>& places)
    : kinds_(kinds), failed_(failed), from_(from), to_(to), anywhere_(!places) {
    if (!places) return;
    std::map<std::pair<PlaceKind, std::uint64_t>, std::vector<Interval>> intervals;
    for (const Place& place : *places) {
        if (place.start < place.end) intervals[{place.kind, place.inode}].emplace_back(place.start, place.end);
    }
    for (auto& [where, all] : intervals) places_.emplace(where, std::move(all));
}

bool EventFilter::operator==(const EventFilter& other) const {
    const auto fields = [](const EventFilter& filter) {
        return std::tie(filter.kinds_, filter.failed_, filter.from_, filter.to_, filter.anywhere_, filter.places_);
    };
    return fields(*this) == fields(other);
}

bool EventFilter::wants(const EventTrait& trait) const {
    return (kinds_ >> trait.kind & 1) != 0 && (!failed_ || trait.result < 0);
}

EventFilter::Demand EventFilter::demand_of(const EventTrait& trait) const {
    const Demand nowhere = {closed_sieve, nullptr, 0};
    if (!wants(trait)) return nowhere;
    const PlaceKind kind = place_kind(trait.kind);
    const auto found = places_.find({kind, kind == PlaceKind::guest_memfd ? trait.inode : 0});
    if (found == places_.end()) return nowhere;
    const IntervalSet& intervals = found->second;
    // An event of no size, as the removal of a memslot is, is where it starts.
    const std::uint64_t size = std::max<std::uint64_t>(trait.size, 1);
    return {intervals.sieve(size), intervals.is_exact() ? nullptr : &intervals, size};
}

std::vector<std::uint32_t> EventFilter::select(const EventSpan& span) const {
    const EventChunk& chunk = *span.chunk;
    std::vector<std::uint32_t> selected;
    std::vector<std::uint8_t> wanted(span.traits);
    std::vector<Demand> demands(anywhere_ ? 0 : span.traits);
    bool any = false;
    if (span.latest < from_ || span.earliest >= to_) return selected;
    for (std::uint32_t i = 0; i < span.traits; i++) {
        if (!anywhere_) demands[i] = demand_of(chunk.trait(i));
        wanted[i] = anywhere_ ? wants(chunk.trait(i)) : demands[i].sieve.width > 0;
        any = any || wanted[i] != 0;
    }
    if (!any) return selected;
    // Each is written, and kept or not by a sum: a branch would be guessed wrong too often.
    selected.resize(span.count);
    std::size_t count = 0;
    const auto keep = [&](std::uint32_t event, bool passes) {
        selected[count] = event;
        count += passes ? 1 : 0;
    };
    if (anywhere_) {
        for (std::uint32_t event = 0; event < span.count; event++) keep(event, wanted[chunk.trait_number(event)] != 0);
    } else {
        for (std::uint32_t event = 0; event < span.count; event++) {
            keep(event, demands[chunk.trait_number(event)].sieve.passes(chunk.start(event)));
        }
    }
    const auto narrow = [&](auto passes) {
        const std::size_t before = std::exchange(count, 0);
        for (std::size_t i = 0; i < before; i++) keep(selected[i], passes(selected[i]));
    };
    if (std::any_of(demands.begin(), demands.end(), [](const Demand& demand) { return demand.within != nullptr; })) {
        narrow([&](std::uint32_t event) {
            const Demand& demand = demands[chunk.trait_number(event)];
            return demand.within == nullptr || demand.within->overlaps(chunk.start(event), demand.size);
        });
    }
    if (span.earliest < from_ || span.latest >= to_) {
        narrow([&](std::uint32_t event) { return chunk.time(event) >= from_ && chunk.time(event) < to_; });
    }
    selected.resize(count);
    return selected;
}

}  // namespace guestmem::events
