#include "pages/comparison.h"

namespace guestmem::pages {
namespace {

bool exists_in(const RunIndex& runs, const RunHere& run) {
    return run && (runs.kind(*run).presence & Presence::exists) != 0;
}

}  // namespace

RunIndex compare(const RunIndex& before, const RunIndex& after) {
    std::size_t pieces = 0;
    for_each_piece(before, after, [&](Extent, RunHere, RunHere) { pieces++; });
    RunIndex comparison;
    comparison.reserve(pieces);
    for_each_piece(before, after, [&](Extent extent, RunHere was, RunHere is) {
        Kind kind;
        std::int32_t memslot = -1;
        if (exists_in(before, was)) {
            const Kind& earlier = before.kind(*was);
            kind.before_state = earlier.state;
            kind.before_detail = earlier.detail;
            kind.presence |= Presence::existed;
            if ((earlier.presence & Presence::in_memslot) != 0) kind.presence |= Presence::was_in_memslot;
            memslot = before.memslot(*was);
        }
        if (exists_in(after, is)) {
            const Kind& later = after.kind(*is);
            kind.state = later.state;
            kind.detail = later.detail;
            kind.presence |= later.presence & (Presence::exists | Presence::in_memslot);
            memslot = after.memslot(*is);
        }
        if (kind.presence != 0) comparison.append(extent, memslot, kind);
    });
    return comparison;
}

}  // namespace guestmem::pages
