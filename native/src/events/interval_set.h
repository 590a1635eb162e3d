// Disjoint intervals of addresses, and which events overlap one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace guestmem::events {

/** [start, end) */
using Interval = std::pair<std::uint64_t, std::uint64_t>;

/** Where an event must start to overlap an interval: what does not pass overlaps none, what passes may. */
struct Sieve {
    std::uint64_t first;
    std::uint64_t width;
    /** Of each part of 1 << shift bytes from `first` on, whether it passes. */
    const std::uint8_t* parts;
    unsigned shift;

    bool passes(std::uint64_t start) const {
        const std::uint64_t offset = start - first;
        const bool is_inside = offset < width;
        // No branch: it would be guessed wrong too often.
        return (static_cast<unsigned>(is_inside) & parts[(is_inside ? offset : 0) >> shift]) != 0;
    }
};

/** Nothing passes. */
extern const Sieve closed_sieve;

class IntervalSet {
  public:
    /** At least one, and none of them empty; they may overlap. */
    explicit IntervalSet(std::vector<Interval> intervals);

    bool operator==(const IntervalSet& other) const { return intervals_ == other.intervals_; }
    bool overlaps(std::uint64_t start, std::uint64_t size) const;
    /** For events of that size, which is not 0; it holds as long as the set does. */
    Sieve sieve(std::uint64_t size) const;
    /** Whether what passes a sieve overlaps. */
    bool is_exact() const { return intervals_.size() == 1; }

  private:
    std::uint64_t begin() const { return intervals_.front().first; }
    std::uint64_t span() const { return intervals_.back().second - begin(); }

    /** Sorted. */
    std::vector<Interval> intervals_;
    /** Of a sieve for events that are no larger than a part, which begins one part before the intervals; empty = none. */
    std::vector<std::uint8_t> parts_;
    unsigned shift_ = 12;
};

}  // namespace guestmem::events
