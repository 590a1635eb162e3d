#include "events/event_log.h"

#include <algorithm>
#include <cerrno>

#include "base/system_error.h"

namespace guestmem::events {

void EventLog::append(const event_record& event) {
    if (event.kind == 0 || event.kind >= EVENT_KIND_END) throw SystemError(EINVAL, "keep an event of an unknown kind");
    if (chunks_.empty() || chunks_.back()->is_full()) begin_chunk();
    EventChunk& chunk = *chunks_.back();
    const EventTrait trait = {event.size,         event.value,  event.detail,        event.inode,
                              event.inode_offset, event.result, event.address_space, event.kind};
    chunk.append(event, traits_.find_or_add(chunk, trait));
    counts_[event.kind]++;
    appended_++;
}

void EventLog::begin_chunk() {
    if (!chunks_.empty()) full_bytes_ += chunks_.back()->bytes();
    chunks_.push_back(std::make_shared<EventChunk>());
    traits_.clear();
    while (chunks_.size() > 1 && bytes() > most_bytes_) {
        full_bytes_ -= chunks_.front()->bytes();
        given_up_ += chunks_.front()->count();
        chunks_given_up_++;
        chunks_.pop_front();
    }
}

std::optional<std::uint64_t> EventLog::oldest() const {
    if (chunks_.empty()) return std::nullopt;
    return chunks_.front()->time(0);
}

std::size_t EventLog::bytes() const { return chunks_.empty() ? 0 : full_bytes_ + chunks_.back()->bytes(); }

std::vector<event_record> EventLog::read(std::uint64_t from, std::size_t most) const {
    // Every chunk but the last is full.
    const std::uint64_t begin = std::max(from, given_up_);
    const std::uint64_t end = begin + std::min<std::uint64_t>(most, appended_ - std::min(begin, appended_));
    std::vector<event_record> events;
    events.reserve(end - begin);
    for (std::uint64_t number = begin; number < end; number++) {
        const EventChunk& chunk = *chunks_[number / EventChunk::capacity - chunks_given_up_];
        events.push_back(chunk.event(static_cast<std::uint32_t>(number % EventChunk::capacity)));
    }
    return events;
}

std::vector<EventSpan> EventLog::spans() const {
    std::vector<EventSpan> spans;
    spans.reserve(chunks_.size());
    for (const auto& chunk : chunks_) {
        spans.push_back({chunk, chunk->count(), chunk->traits(), chunk->earliest(), chunk->latest(), chunks_given_up_ + spans.size()});
    }
    return spans;
}

}  // namespace guestmem::events
