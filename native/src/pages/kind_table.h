// What pages have in common, each row once, found by hashing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace guestmem::pages {

using KindId = std::uint16_t;

/** Bits of Kind::presence. */
enum Presence : std::uint8_t { exists = 1, in_memslot = 2, existed = 4, was_in_memslot = 8 };

/** The words are compared, never understood. */
struct Kind {
    std::uint32_t state = 0;
    std::uint32_t detail = 0;
    std::uint32_t before_state = 0;
    std::uint32_t before_detail = 0;
    std::uint8_t presence = 0;

    bool operator==(const Kind& other) const {
        return state == other.state && detail == other.detail && before_state == other.before_state &&
               before_detail == other.before_detail && presence == other.presence;
    }
};

class KindTable {
  public:
    KindTable();

    /** The kind's row, a new one when it is not there yet. Throws SystemError E2BIG beyond 65,536 rows. */
    KindId add(const Kind& kind);
    const std::vector<Kind>& rows() const { return rows_; }
    std::size_t bytes() const { return rows_.capacity() * sizeof(Kind) + slots_.capacity() * sizeof slots_[0]; }

  private:
    std::vector<Kind> rows_;
    /** Row number plus one, 0 = free; linear probing. */
    std::vector<std::uint32_t> slots_;
};

}  // namespace guestmem::pages
