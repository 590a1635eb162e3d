// Some tens of thousands of events, 28 bytes each and what they have in common: filled once, in order, then only read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "recorder.bpf.h"

namespace guestmem::events {

/** What many events have in common, each only once in a chunk. */
struct EventTrait {
    std::uint64_t size;
    std::uint64_t value;
    std::uint64_t detail;
    std::uint64_t inode;
    std::uint64_t inode_offset;
    std::int32_t result;
    std::uint16_t address_space;
    std::uint16_t kind;

    bool operator==(const EventTrait& other) const;
};

/**
 * One thread appends; others may read at the same time what an EventSpan that they got from it tells. So no column ever
 * moves.
 */
class EventChunk {
  public:
    static constexpr std::uint32_t capacity = 1 << 16;

    EventChunk();

    std::uint32_t count() const { return count_; }
    std::uint32_t traits() const { return traits_; }
    std::size_t bytes() const;
    bool is_full() const { return count_ == capacity; }

    /** Of the times of its events. */
    std::uint64_t earliest() const { return earliest_; }
    std::uint64_t latest() const { return latest_; }
    std::uint64_t time(std::uint32_t event) const { return times_[event]; }
    std::uint64_t start(std::uint32_t event) const { return starts_[event]; }
    std::uint16_t trait_number(std::uint32_t event) const { return trait_numbers_[event]; }
    const EventTrait& trait(std::uint32_t number) const { return blocks_[number / block][number % block]; }
    event_record event(std::uint32_t event) const;

    /** The number of the new trait. */
    std::uint16_t add_trait(const EventTrait& trait);
    void append(const event_record& event, std::uint16_t trait_number);

  private:
    static constexpr std::uint32_t block = 1024;

    std::unique_ptr<std::uint64_t[]> times_;
    std::unique_ptr<std::uint64_t[]> starts_;
    std::unique_ptr<std::uint32_t[]> durations_;
    std::unique_ptr<std::uint32_t[]> threads_;
    std::unique_ptr<std::uint16_t[]> trait_numbers_;
    std::unique_ptr<std::int16_t[]> numbers_;
    std::array<std::unique_ptr<EventTrait[]>, capacity / block> blocks_;
    std::uint32_t count_ = 0;
    std::uint32_t traits_ = 0;
    std::uint64_t earliest_ = UINT64_MAX;
    std::uint64_t latest_ = 0;
};

/** The first `count` events of a chunk, all traits that they have, and between which times they are. */
struct EventSpan {
    std::shared_ptr<const EventChunk> chunk;
    std::uint32_t count;
    std::uint32_t traits;
    std::uint64_t earliest;
    std::uint64_t latest;
    /** Of the chunk among all that the log ever had. */
    std::uint64_t number;
};

}  // namespace guestmem::events
