#include "proc/pagemap.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "base/system_error.h"

namespace guestmem::proc {
namespace {

constexpr std::uint64_t page_size = 4096;
constexpr std::size_t runs_max = 65536;

/** The kernel holds the mmap lock over one scan, and the VMM may want it: never longer than this takes, about 10 ms. */
constexpr std::uint64_t bytes_per_scan = std::uint64_t{256} << 20;
/** One call scans at most this much, so that a caller can stop between two. */
constexpr std::uint64_t bytes_per_call = std::uint64_t{4} << 30;

/** PAGEMAP_SCAN of linux/fs.h (Linux 6.7), which older headers lack. */
struct pm_scan_arg {
    std::uint64_t size;
    std::uint64_t flags;
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t walk_end;
    std::uint64_t vec;
    std::uint64_t vec_len;
    std::uint64_t max_pages;
    std::uint64_t category_inverted;
    std::uint64_t category_mask;
    std::uint64_t category_anyof_mask;
    std::uint64_t return_mask;
};

struct page_region {
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t categories;
};

constexpr unsigned long pagemap_scan = _IOWR('f', 16, pm_scan_arg);

enum Category : std::uint64_t {
    category_file = 1 << 2,
    category_present = 1 << 3,
    category_swapped = 1 << 4,
    category_zero = 1 << 5,
    category_huge = 1 << 6,
};

std::uint8_t state_of_categories(std::uint64_t categories) {
    std::uint8_t state = page_swapped;
    if (categories & category_present) state = categories & category_zero ? page_zero : page_present;
    if (categories & category_file) state |= page_file;
    if (categories & category_huge) state |= page_huge;
    return state;
}

/** Of one entry of /proc/PID/pagemap; 0 = absent. */
std::uint8_t state_of_entry(std::uint64_t entry) {
    constexpr std::uint64_t present = std::uint64_t{1} << 63, swapped = std::uint64_t{1} << 62,
                            file = std::uint64_t{1} << 61;
    std::uint8_t state = 0;
    if (entry & present)
        state = page_present;
    else if (entry & swapped)
        state = page_swapped;
    if (state != 0 && (entry & file)) state |= page_file;
    return state;
}

/** Adds a run, or makes the last one longer. */
void append(std::vector<PageRun>& runs, std::uint64_t first, std::uint64_t pages, std::uint8_t state) {
    if (!runs.empty()) {
        PageRun& last = runs.back();
        if (last.first + last.pages == first && last.state == state) {
            last.pages += pages;
            return;
        }
    }
    runs.push_back({first, pages, state});
}

/** False when this kernel has no PAGEMAP_SCAN. */
bool scan(int pagemap, std::uint64_t start, std::uint64_t end, PagemapChunk& chunk) {
    // Kept: to clear it takes longer than most scans, and the addon is used by one thread.
    static std::vector<page_region> regions(runs_max);
    std::uint64_t at = start;
    while (at < end && chunk.runs.size() < runs_max) {
        pm_scan_arg argument{};
        argument.size = sizeof(argument);
        argument.start = at;
        argument.end = std::min(end, at + bytes_per_scan);
        argument.vec = reinterpret_cast<std::uint64_t>(regions.data());
        argument.vec_len = runs_max - chunk.runs.size();
        argument.category_anyof_mask = category_present | category_swapped;
        argument.return_mask = category_present | category_swapped | category_file | category_zero | category_huge;
        const int found = ioctl(pagemap, pagemap_scan, &argument);
        if (found < 0) {
            if (errno == EINTR) continue;
            if (errno == ENOTTY) return false;
            throw SystemError(errno, "scan a page table with PAGEMAP_SCAN");
        }
        for (int i = 0; i < found; i++) {
            const page_region& region = regions[static_cast<std::size_t>(i)];
            append(chunk.runs, region.start / page_size, (region.end - region.start) / page_size,
                   state_of_categories(region.categories));
        }
        at = argument.walk_end;
    }
    if (at < end) chunk.next = at;
    return true;
}

void read_entries(int pagemap, std::uint64_t start, std::uint64_t end, PagemapChunk& chunk) {
    static std::vector<std::uint64_t> entries(runs_max);
    std::uint64_t page = start / page_size;
    const std::uint64_t end_page = end / page_size;
    while (page < end_page && chunk.runs.size() < runs_max) {
        const std::uint64_t wanted =
            std::min({std::uint64_t{entries.size()}, end_page - page, std::uint64_t{runs_max - chunk.runs.size()}});
        const ssize_t size = pread(pagemap, entries.data(), wanted * sizeof(entries[0]),
                                   static_cast<off_t>(page * sizeof(entries[0])));
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) throw SystemError(errno, "read /proc/PID/pagemap");
        if (size == 0) return;  // Past the end of user addresses.
        const std::uint64_t count = static_cast<std::uint64_t>(size) / sizeof(entries[0]);
        for (std::uint64_t i = 0; i < count; i++) {
            const std::uint8_t state = state_of_entry(entries[i]);
            if (state != 0) append(chunk.runs, page + i, 1, state);
        }
        page += count;
    }
    if (page < end_page) chunk.next = page * page_size;
}

}  // namespace

PagemapChunk scan_pagemap(const Process& process, std::uint64_t start, std::uint64_t end) {
    const std::string operation = "read the page table of " + process.description();
    if (start % page_size != 0 || end % page_size != 0 || start > end) throw SystemError(EINVAL, operation);
    const UniqueFd pagemap(openat(process.directory(), "pagemap", O_RDONLY | O_CLOEXEC));
    if (!pagemap) throw SystemError(errno, operation);

    PagemapChunk chunk{};
    const std::uint64_t limit = end - start > bytes_per_call ? start + bytes_per_call : end;
    chunk.scanned = scan(pagemap.get(), start, limit, chunk);
    if (!chunk.scanned) read_entries(pagemap.get(), start, limit, chunk);
    if (!chunk.next && limit < end) chunk.next = limit;
    process.require_alive();
    return chunk;
}

}  // namespace guestmem::proc
