// The page table of a process: which pages it maps, and how.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proc/process.h"

namespace guestmem::proc {

/** State bits: 0-1 one of these, 2 file-backed or shared, 3 mapped by a huge entry. */
enum PageState : std::uint8_t {
    page_present = 1,
    page_swapped = 2,
    page_zero = 3,
    page_file = 4,
    page_huge = 8,
};

struct PageRun {
    /** In pages: HVA / 4096. */
    std::uint64_t first;
    std::uint64_t pages;
    std::uint8_t state;
};

struct PagemapChunk {
    std::vector<PageRun> runs;
    /** The address to go on from. */
    std::optional<std::uint64_t> next;
    /** Read with PAGEMAP_SCAN. Otherwise from the pagemap file, which tells neither zero pages nor huge entries. */
    bool scanned;
};

/** Runs of mapped pages in [start, end), page-aligned addresses; what is in no run is absent. */
PagemapChunk scan_pagemap(const Process& process, std::uint64_t start, std::uint64_t end);

}  // namespace guestmem::proc
