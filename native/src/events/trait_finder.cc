#include "events/trait_finder.h"

#include <algorithm>
#include <array>
#include <random>

namespace guestmem::events {
namespace {

/** Twice as many as a chunk has traits at most. */
constexpr unsigned slot_bits = 17;

/** Random, so that no VMM can make calls whose traits all collide. */
std::uint64_t random_factor() {
    std::random_device device;
    return (std::uint64_t{device()} << 32 | device()) | 1;
}

std::size_t slot_of(const EventTrait& trait) {
    static const std::uint64_t factor = random_factor();
    const std::uint64_t small = std::uint64_t{static_cast<std::uint32_t>(trait.result)} << 32 |
                                std::uint64_t{trait.address_space} << 16 | trait.kind;
    std::uint64_t sum = small * factor;
    for (const std::uint64_t field : {trait.size, trait.value, trait.detail, trait.inode, trait.inode_offset}) {
        sum = (sum ^ sum >> 32 ^ field) * factor;
    }
    return sum >> (64 - slot_bits);
}

}  // namespace

TraitFinder::TraitFinder() : slots_(std::size_t{1} << slot_bits) {}

std::uint16_t TraitFinder::find_or_add(EventChunk& chunk, const EventTrait& trait) {
    std::size_t slot = slot_of(trait);
    while (slots_[slot] != 0) {
        if (chunk.trait(slots_[slot] - 1) == trait) return static_cast<std::uint16_t>(slots_[slot] - 1);
        slot = (slot + 1) % slots_.size();
    }
    const std::uint16_t number = chunk.add_trait(trait);
    slots_[slot] = std::uint32_t{number} + 1;
    return number;
}

void TraitFinder::clear() { std::fill(slots_.begin(), slots_.end(), 0); }

}  // namespace guestmem::events
