#include "events/event_filter.h"

#include <algorithm>
#include <tuple>

namespace guestmem::events {
namespace {

PlaceKind place_kind(std::uint16_t kind) {
    switch (kind) {
        case EVENT_GUEST_MEMFD:
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

EventFilter::Demand EventFilter::demand_of(const EventTrait& trait) const {
    const bool is_wanted = (kinds_ >> trait.kind & 1) != 0 && (!failed_ || trait.result < 0);
    if (!is_wanted || anywhere_) return {is_wanted, nullptr, 0};
    const PlaceKind kind = place_kind(trait.kind);
    const auto found = places_.find({kind, kind == PlaceKind::guest_memfd ? trait.inode : 0});
    if (found == places_.end()) return {false, nullptr, 0};
    return {true, &found->second, trait.size};
}

bool EventFilter::overlap(const Intervals& intervals, std::uint64_t start, std::uint64_t size) {
    // The first that ends behind the start. An event of no size, as the removal of a memslot is, is where it starts.
    const auto interval = std::upper_bound(intervals.begin(), intervals.end(), start,
                                           [](std::uint64_t address, const auto& each) { return address < each.second; });
    if (interval == intervals.end()) return false;
    return interval->first <= start || interval->first - start < size;
}

}  // namespace guestmem::events
