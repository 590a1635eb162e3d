#include "pages/extents.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "pages/comparison.h"

namespace guestmem::pages {

void ExtentList::add(Extent extent) {
    if (!extents_.empty() && extents_.back().end == extent.start) {
        extents_.back().end = extent.end;
    } else {
        extents_.push_back(extent);
    }
}

std::vector<Extent> ExtentList::joined(std::size_t most) && {
    if (extents_.size() <= most) return std::move(extents_);
    // The widest gaps stay; of those that are as wide as the narrowest that stays, the first ones.
    std::vector<std::uint64_t> gaps;
    gaps.reserve(extents_.size() - 1);
    for (std::size_t i = 1; i < extents_.size(); i++) gaps.push_back(extents_[i].start - extents_[i - 1].end);
    const std::size_t staying = most - 1;
    std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(staying), gaps.end(), std::greater<>());
    const std::uint64_t narrow = gaps[staying];
    std::size_t ties = staying - static_cast<std::size_t>(std::count_if(
                                     gaps.begin(), gaps.end(), [narrow](std::uint64_t gap) { return gap > narrow; }));
    std::vector<Extent> result{extents_.front()};
    for (std::size_t i = 1; i < extents_.size(); i++) {
        const std::uint64_t gap = extents_[i].start - extents_[i - 1].end;
        const bool stays = gap > narrow || (gap == narrow && ties > 0);
        if (gap == narrow && stays) ties--;
        if (stays) {
            result.push_back(extents_[i]);
        } else {
            result.back().end = extents_[i].end;
        }
    }
    return result;
}

std::vector<Extent> differences(const RunIndex& before, const RunIndex& after, std::size_t most) {
    ExtentList list;
    for_each_piece(before, after, [&](Extent extent, RunHere was, RunHere is) {
        const bool same = was && is && before.memslot(*was) == after.memslot(*is) && before.kind(*was) == after.kind(*is);
        if (!same) list.add(extent);
    });
    return std::move(list).joined(most);
}

std::vector<Extent> extents_of(const RunIndex& runs, const std::vector<std::uint8_t>& wanted_kinds, std::size_t most) {
    ExtentList list;
    for (std::size_t run = 0; run < runs.count(); run++)
        if (wanted_kinds[runs.kind_id(run)] != 0) list.add(runs.extent(run));
    return std::move(list).joined(most);
}

}  // namespace guestmem::pages
