#include "events/event_chunk.h"

#include <algorithm>
#include <tuple>

namespace guestmem::events {

bool EventTrait::operator==(const EventTrait& other) const {
    const auto fields = [](const EventTrait& trait) {
        return std::tie(trait.size, trait.value, trait.detail, trait.inode, trait.inode_offset, trait.result,
                        trait.address_space, trait.kind);
    };
    return fields(*this) == fields(other);
}

// The columns are not cleared, so that what is not filled yet takes no memory.
EventChunk::EventChunk()
    : times_(new std::uint64_t[capacity]),
      starts_(new std::uint64_t[capacity]),
      durations_(new std::uint32_t[capacity]),
      threads_(new std::uint32_t[capacity]),
      trait_numbers_(new std::uint16_t[capacity]),
      numbers_(new std::int16_t[capacity]) {}

std::size_t EventChunk::bytes() const {
    const std::size_t row = sizeof times_[0] + sizeof starts_[0] + sizeof durations_[0] + sizeof threads_[0] +
                            sizeof trait_numbers_[0] + sizeof numbers_[0];
    const std::size_t blocks = (traits_ + block - 1) / block;
    return sizeof *this + count_ * row + blocks * block * sizeof(EventTrait);
}

event_record EventChunk::event(std::uint32_t event) const {
    const EventTrait& common = trait(trait_numbers_[event]);
    event_record record{};
    record.time = times_[event];
    record.start = starts_[event];
    record.size = common.size;
    record.value = common.value;
    record.detail = common.detail;
    record.inode = common.inode;
    record.inode_offset = common.inode_offset;
    record.duration = durations_[event];
    record.thread = threads_[event];
    record.result = common.result;
    record.kind = common.kind;
    record.number = numbers_[event];
    record.address_space = common.address_space;
    return record;
}

std::uint16_t EventChunk::add_trait(const EventTrait& trait) {
    auto& traits = blocks_[traits_ / block];
    if (!traits) traits.reset(new EventTrait[block]);
    traits[traits_ % block] = trait;
    return static_cast<std::uint16_t>(traits_++);
}

void EventChunk::append(const event_record& event, std::uint16_t trait_number) {
    times_[count_] = event.time;
    starts_[count_] = event.start;
    durations_[count_] = event.duration;
    threads_[count_] = event.thread;
    trait_numbers_[count_] = trait_number;
    numbers_[count_] = event.number;
    earliest_ = std::min(earliest_, std::uint64_t{event.time});
    latest_ = std::max(latest_, std::uint64_t{event.time});
    count_++;
}

}  // namespace guestmem::events
