#include "kvm/page_structs.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mapping.h"
#include "base/system_error.h"
#include "base/unique_fd.h"
#include "kvm/bpf_objects.h"
#include "proc/process.h"

namespace guestmem::kvm {
namespace {

constexpr std::size_t page_size = 4096;
/** A page of our own may be moved just while it is looked at; hardly twice. */
constexpr int attempts = 10;

const char* const operation = "find where this kernel keeps what it knows of physical pages";

/** The kernel's array of struct page (SPARSEMEM_VMEMMAP). */
struct PageStructs {
    std::uint64_t of_frame_0;
    std::uint64_t size;
};

/** The frame of a page of this process; 0 where it may not be known. */
std::uint64_t own_frame(const void* address) {
    const UniqueFd pagemap(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    std::uint64_t entry = 0;
    const auto offset = static_cast<off_t>(reinterpret_cast<std::uintptr_t>(address) / page_size * sizeof(entry));
    if (!pagemap || pread(pagemap.get(), &entry, sizeof(entry), offset) != sizeof(entry)) throw SystemError(errno, operation);
    return entry & ((std::uint64_t{1} << 55) - 1);
}

/** By a page of our own, of which both are known: the frame from our page table, the struct page from its file. */
PageStructs find_page_structs() {
    const UniqueFd file(memfd_create("guestmem-page", MFD_CLOEXEC));
    if (!file || ftruncate(file.get(), page_size) != 0) throw SystemError(errno, operation);
    const Mapping page(file.get(), page_size, 0, PROT_READ | PROT_WRITE);
    if (!page) throw SystemError(errno, operation);
    *static_cast<volatile char*>(page.data()) = 1;
    const proc::Process self(getpid());
    guest_memfd_frames_state request{};
    request.wanted = static_cast<std::uint64_t>(file.get());
    for (int attempt = 0; attempt < attempts; attempt++) {
        const guest_memfd_frames_state before = bpf_objects().guest_memfd_frames.run(self.pidfd(), request, operation);
        const std::uint64_t frame = own_frame(page.data());
        const guest_memfd_frames_state& after = bpf_objects().guest_memfd_frames.run(self.pidfd(), request, operation);
        if (frame == 0) throw SystemError(EPERM, operation);
        if (before.folio != 0 && before.folio == after.folio)
            return {after.folio - frame * after.page_struct_size, after.page_struct_size};
    }
    throw SystemError(EOPNOTSUPP, operation);
}

}  // namespace

std::uint64_t page_struct_of(std::uint64_t frame) {
    static const PageStructs structs = find_page_structs();
    return structs.of_frame_0 + frame * structs.size;
}

}  // namespace guestmem::kvm
