#include "pages/kind_table.h"

#include <array>
#include <random>

#include "base/system_error.h"

namespace guestmem::pages {
namespace {

constexpr std::size_t most_rows = 65'536;
constexpr unsigned slot_bits = 17;

/** Random, so that a file cannot be made whose kinds all collide. */
std::array<std::uint64_t, 3> random_factors() {
    std::random_device device;
    std::array<std::uint64_t, 3> factors;
    for (auto& factor : factors) factor = (std::uint64_t{device()} << 32 | device()) | 1;
    return factors;
}

std::size_t slot_of(const Kind& kind) {
    static const std::array<std::uint64_t, 3> factors = random_factors();
    const std::uint64_t now = std::uint64_t{kind.state} << 32 | kind.detail;
    const std::uint64_t before = std::uint64_t{kind.before_state} << 32 | kind.before_detail;
    const std::uint64_t sum = (now ^ now >> 29) * factors[0] + (before ^ before >> 29) * factors[1] +
                              std::uint64_t{kind.presence} * factors[2];
    return sum >> (64 - slot_bits);
}

}  // namespace

KindTable::KindTable() : slots_(std::size_t{1} << slot_bits) {}

KindId KindTable::add(const Kind& kind) {
    for (std::size_t slot = slot_of(kind);; slot = (slot + 1) % slots_.size()) {
        if (slots_[slot] == 0) {
            if (rows_.size() == most_rows) throw SystemError(E2BIG, "tell more than 65536 kinds of pages apart");
            rows_.push_back(kind);
            slots_[slot] = static_cast<std::uint32_t>(rows_.size());
        }
        const std::uint32_t row = slots_[slot] - 1;
        if (rows_[row] == kind) return static_cast<KindId>(row);
    }
}

}  // namespace guestmem::pages
