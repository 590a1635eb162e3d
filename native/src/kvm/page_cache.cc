#include "kvm/page_cache.h"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "kvm/bpf_objects.h"

namespace guestmem::kvm {
namespace {

/** The mmap lock is only tried, never waited for; the VMM may be holding it. */
constexpr int lock_attempts = 100;

page_cache_state request_for(std::uint64_t wanted, std::uint64_t first, std::uint64_t end) {
    page_cache_state request{};
    request.wanted = wanted;
    request.walk.index = first;
    request.walk.end = end;
    return request;
}

/** Counts the orders of the folios, and merges runs that differ in nothing else. */
PageCacheChunk chunk_of(const page_cache_state& state, const run_record* records, std::uint64_t end) {
    PageCacheChunk chunk;
    std::vector<double> orders(PAGE_ORDER_UNKNOWN + 1);
    std::uint64_t largest = 0;
    chunk.runs.reserve(state.walk.count);
    for (const run_record* record = records; record != records + state.walk.count; record++) {
        const std::uint64_t order = record->value >> PAGE_ORDER_SHIFT;
        const std::uint64_t value = record->value & ((1u << PAGE_ORDER_SHIFT) - 1);
        if (value != PAGE_SWAPPED) {
            orders[order] += static_cast<double>(record->pages);
            largest = std::max(largest, order);
        }
        run_record* const last = chunk.runs.empty() ? nullptr : &chunk.runs.back();
        if (last != nullptr && last->value == value && last->first + last->pages == record->first)
            last->pages += record->pages;
        else
            chunk.runs.push_back({record->first, record->pages, value});
    }
    orders.resize(largest + 1);
    if (largest != PAGE_ORDER_UNKNOWN) chunk.folio_orders = std::move(orders);
    if (state.walk.index < end) chunk.next = state.walk.index;
    return chunk;
}

}  // namespace

std::optional<PageCacheChunk> read_guest_memfd_pages(const proc::Process& process, std::uint32_t fd,
                                                     std::uint64_t first, std::uint64_t end) {
    auto& object = bpf_objects().guest_memfd_pages;
    const page_cache_state& state =
        object.run(process.pidfd(), request_for(fd, first, end),
                   "read the pages of the guest_memfd at fd " + std::to_string(fd) + " of " + process.description());
    process.require_alive();
    if (!state.found) return std::nullopt;
    return chunk_of(state, object.records(), end);
}

std::optional<FolioReferences> read_folio_references(const proc::Process& process, std::uint32_t fd,
                                                     std::uint64_t page) {
    auto& object = bpf_objects().guest_memfd_references;
    const page_cache_state& state = object.run(process.pidfd(), request_for(fd, page, page + 1),
                                               "read the references of page " + std::to_string(page) +
                                                   " of the guest_memfd at fd " + std::to_string(fd) + " of " +
                                                   process.description());
    process.require_alive();
    if (!state.found || state.walk.count == 0) return std::nullopt;
    const std::uint64_t value = object.records()[0].value;
    const std::uint32_t order = REFERENCES_ORDER(value);
    if (order == PAGE_ORDER_UNKNOWN) return std::nullopt;
    return FolioReferences{REFERENCES_OF(value), std::uint64_t{1} << order};
}

std::optional<PageCacheChunk> read_mapped_file_pages(const proc::Process& process, std::uint64_t hva,
                                                     std::uint64_t first, std::uint64_t end) {
    auto& object = bpf_objects().mapped_file_pages;
    char address[24];
    std::snprintf(address, sizeof(address), "%#llx", static_cast<unsigned long long>(hva));
    const std::string operation =
        std::string("read the pages of the file mapped at ") + address + " in " + process.description();
    for (int attempt = 0; attempt < lock_attempts; attempt++) {
        const page_cache_state& state = object.run(process.pidfd(), request_for(hva, first, end), operation);
        process.require_alive();
        if (state.error == -ENOENT) return std::nullopt;
        if (state.error == -EBUSY) {
            sched_yield();
            continue;
        }
        if (state.error < 0) throw SystemError(-state.error, operation);
        if (!state.found) return std::nullopt;
        if (state.unknown_units) throw SystemError(EOPNOTSUPP, operation);
        return chunk_of(state, object.records(), end);
    }
    throw SystemError(EBUSY, operation);
}

}  // namespace guestmem::kvm
