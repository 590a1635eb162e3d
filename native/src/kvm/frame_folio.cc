#include "kvm/frame_folio.h"

#include <unistd.h>

#include "kvm/bpf_objects.h"
#include "kvm/page_structs.h"
#include "proc/process.h"

namespace guestmem::kvm {
namespace {

std::optional<std::uint32_t> known(std::uint32_t count) {
    if (count == COUNT_UNKNOWN) return std::nullopt;
    return count;
}

}  // namespace

std::optional<FrameFolio> read_frame_folio(std::uint64_t frame) {
    frame_folio_state request{};
    request.page = page_struct_of(frame);
    // Any process will do: the program has to be run by something.
    const proc::Process self(getpid());
    auto& object = bpf_objects().frame_folio;
    if (!object.run(self.pidfd(), request, "read the references of a physical page").found) return std::nullopt;
    const frame_folio_record& record = *object.records();
    return FrameFolio{std::uint64_t{1} << record.order, record.references, known(record.mappings), known(record.pins)};
}

}  // namespace guestmem::kvm
