// The folio of a physical page.
#pragma once

#include <cstdint>
#include <optional>

namespace guestmem::kvm {

struct FrameFolio {
    std::uint64_t pages;
    std::uint32_t references;
    /** How often page tables map it; empty where the kernel does not tell. */
    std::optional<std::uint32_t> mappings;
    /** Empty for a folio of one page, whose pins are counted among its references. */
    std::optional<std::uint32_t> pins;
};

/**
 * Looks at a page frame number without holding it. Empty when it is free, no memory of the kernel's, was split or freed just
 * now, or this kernel does not tell. Throws SystemError EPERM when this process may not know frames.
 */
std::optional<FrameFolio> read_frame_folio(std::uint64_t frame);

}  // namespace guestmem::kvm
