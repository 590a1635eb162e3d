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

/** `intervals` are sorted and disjoint, and not empty. */
bool overlaps(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& intervals, std::uint64_t start, std::uint64_t size) {
    // The first that ends behind the start, by halves and without branches; the last where none does.
    const auto* at = intervals.data();
    for (std::size_t left = intervals.size(); left > 1;) {
        const std::size_t half = left / 2;
        at += half * static_cast<std::size_t>(at[half - 1].second <= start);
        left -= half;
    }
    return start < at->second && (at->first <= start || at->first - start < size);
}

}  // namespace

EventFilter::EventFilter(std::uint32_t kinds, bool failed, std::uint64_t from, std::uint64_t to,
                         const std::optional<std::vector<Place>>& places)
    : kinds_(kinds), failed_(failed), from_(from), to_(to), anywhere_(!places) {
    if (!places) return;
    for (const Place& place : *places) {
        if (place.start < place.end) places_[{place.kind, place.inode}].emplace_back(place.start, place.end);
    }
    for (auto& entry : places_) {
        Intervals& intervals = entry.second;
        std::sort(intervals.begin(), intervals.end());
        Intervals merged;
        for (const auto& interval : intervals) {
            if (!merged.empty() && interval.first <= merged.back().second) {
                merged.back().second = std::max(merged.back().second, interval.second);
            } else {
                merged.push_back(interval);
            }
        }
        intervals = std::move(merged);
    }
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
    constexpr Demand nowhere = {0, 0, nullptr, 0};
    if (!wants(trait)) return nowhere;
    const PlaceKind kind = place_kind(trait.kind);
    const auto found = places_.find({kind, kind == PlaceKind::guest_memfd ? trait.inode : 0});
    if (found == places_.end()) return nowhere;
    const Intervals& intervals = found->second;
    // An event of no size, as the removal of a memslot is, is where it starts.
    const std::uint64_t size = std::max<std::uint64_t>(trait.size, 1);
    const std::uint64_t first = intervals.front().first - std::min(intervals.front().first, size - 1);
    return {first, intervals.back().second - first, intervals.size() > 1 ? &intervals : nullptr, size};
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
        wanted[i] = anywhere_ ? wants(chunk.trait(i)) : demands[i].width > 0;
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
            const Demand& demand = demands[chunk.trait_number(event)];
            keep(event, chunk.start(event) - demand.first < demand.width);
        }
    }
    const auto narrow = [&](auto passes) {
        const std::size_t before = std::exchange(count, 0);
        for (std::size_t i = 0; i < before; i++) keep(selected[i], passes(selected[i]));
    };
    if (std::any_of(demands.begin(), demands.end(), [](const Demand& demand) { return demand.within != nullptr; })) {
        narrow([&](std::uint32_t event) {
            const Demand& demand = demands[chunk.trait_number(event)];
            return demand.within == nullptr || overlaps(*demand.within, chunk.start(event), demand.size);
        });
    }
    if (span.earliest < from_ || span.latest >= to_) {
        narrow([&](std::uint32_t event) { return chunk.time(event) >= from_ && chunk.time(event) < to_; });
    }
    selected.resize(count);
    return selected;
}

}  // namespace guestmem::events
