#include "events/interval_set.h"

#include <algorithm>

namespace guestmem::events {
namespace {

/** A sieve has twice as many parts at most; those of a few stay in a processor's first cache. */
constexpr std::uint64_t many_parts = 1 << 12;
constexpr std::uint64_t widest = std::uint64_t{1} << 63;
/** A place of 64 bits is in one of these. */
constexpr std::uint8_t all_parts[] = {1, 1};
constexpr unsigned all_shift = 63;

}  // namespace

const Sieve closed_sieve = {0, 0, all_parts, all_shift};

IntervalSet::IntervalSet(std::vector<Interval> intervals) {
    std::sort(intervals.begin(), intervals.end());
    for (const Interval& interval : intervals) {
        if (!intervals_.empty() && interval.first <= intervals_.back().second) {
            intervals_.back().second = std::max(intervals_.back().second, interval.second);
        } else {
            intervals_.push_back(interval);
        }
    }
    if (is_exact() || span() >= widest) return;
    while (span() >> shift_ >= many_parts * 2) shift_++;
    const std::uint64_t part = std::uint64_t{1} << shift_;
    parts_.resize(((span() + part) >> shift_) + 1);
    for (const auto& [start, end] : intervals_) {
        // An event of a part's size may start just less than a part before it.
        const std::uint64_t first = (start - begin() + 1) >> shift_;
        const std::uint64_t last = (end - 1 - begin() + part) >> shift_;
        std::fill(parts_.begin() + static_cast<std::ptrdiff_t>(first), parts_.begin() + static_cast<std::ptrdiff_t>(last) + 1, 1);
    }
}

bool IntervalSet::overlaps(std::uint64_t start, std::uint64_t size) const {
    // The first that ends behind the start, by halves and without branches; the last where none does.
    const auto* at = intervals_.data();
    for (std::size_t left = intervals_.size(); left > 1;) {
        const std::size_t half = left / 2;
        at += half * static_cast<std::size_t>(at[half - 1].second <= start);
        left -= half;
    }
    return start < at->second && (at->first <= start || at->first - start < size);
}

Sieve IntervalSet::sieve(std::uint64_t size) const {
    const std::uint64_t part = std::uint64_t{1} << shift_;
    // Before address 0 it goes on at the last ones; they may pass, too.
    if (!parts_.empty() && size <= part) return {begin() - part, span() + part, parts_.data(), shift_};
    const std::uint64_t before = std::min(begin(), size - 1);
    return {begin() - before, span() + before, all_parts, all_shift};
}

}  // namespace guestmem::events
