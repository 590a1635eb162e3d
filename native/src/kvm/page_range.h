// The one check of a range before something is changed there.
#pragma once

#include <cstdint>
#include <cstdio>

#include "base/system_error.h"

namespace guestmem::kvm {

/** Throws SystemError EINVAL for bytes that are none, not whole pages, more than `largest`, or past 64 bits. */
inline void require_pages(const char* change, std::uint64_t start, std::uint64_t size, std::uint64_t largest) {
    constexpr std::uint64_t page_size = 4096;
    const bool aligned = start % page_size == 0 && size % page_size == 0;
    if (size != 0 && size <= largest && aligned && start + size >= start) return;
    char text[160];
    std::snprintf(text, sizeof text, "%s 0x%llx bytes at 0x%llx", change, static_cast<unsigned long long>(size),
                  static_cast<unsigned long long>(start));
    throw SystemError(EINVAL, text);
}

}  // namespace guestmem::kvm
