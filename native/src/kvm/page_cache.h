// Which pages of a file exist, without touching them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "page_cache.bpf.h"
#include "proc/process.h"

namespace guestmem::kvm {

struct PageCacheChunk {
    /** Values are those of enum page_cache_value, with the node; indexes count base pages. */
    std::vector<run_record> runs;
    /** Pages that are there, by the order of their folio; empty where one has an order that this kernel does not tell. */
    std::optional<std::vector<double>> folio_orders;
    std::optional<std::uint64_t> next;
};

/** Empty when `fd` is no guest_memfd. */
std::optional<PageCacheChunk> read_guest_memfd_pages(const proc::Process& process, std::uint32_t fd,
                                                     std::uint64_t first, std::uint64_t end);

struct FolioReferences {
    std::uint32_t references;
    /** Of the folio; the page cache has a reference for each. */
    std::uint64_t pages;
};

/** Of the folio that has this page of the guest_memfd. Empty when `fd` is none, the page is absent or this kernel hides it. */
std::optional<FolioReferences> read_folio_references(const proc::Process& process, std::uint32_t fd,
                                                     std::uint64_t page);

/** Empty when no file is mapped at `hva`. */
std::optional<PageCacheChunk> read_mapped_file_pages(const proc::Process& process, std::uint64_t hva,
                                                     std::uint64_t first, std::uint64_t end);

}  // namespace guestmem::kvm
