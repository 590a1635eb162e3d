// Reads a BPF ring buffer. Its layout is the kernel's: a page with the reader's position, one with the writer's, the data.
#pragma once

#include <linux/bpf.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "base/mapping.h"

namespace guestmem::bpf {

class Ring {
  public:
    Ring() = default;
    /** `size` is that of the map. False, with errno set, when it cannot be mapped. */
    Ring(int map_fd, std::size_t size)
        : reader_(map_fd, page_size(), 0, PROT_READ | PROT_WRITE),
          // The data are mapped twice in a row, so that a record at the end is in one piece.
          writer_(map_fd, page_size() + 2 * size, static_cast<off_t>(page_size())),
          mask_(size - 1) {}

    explicit operator bool() const { return static_cast<bool>(reader_) && static_cast<bool>(writer_); }

    /**
     * Calls `take(const void* record, std::size_t size)` for each record that is begun by now, in that order, up to one that
     * is not whole; false when there is one.
     */
    template <typename Take>
    bool drain(Take take) {
        auto* reader_position = static_cast<std::uint64_t*>(reader_.data());
        const auto* writer_position = static_cast<const std::uint64_t*>(writer_.data());
        const auto* data = static_cast<const char*>(writer_.data()) + page_size();
        std::uint64_t position = __atomic_load_n(reader_position, __ATOMIC_ACQUIRE);
        const std::uint64_t end = __atomic_load_n(writer_position, __ATOMIC_ACQUIRE);
        while (position < end) {
            const char* record = data + (position & mask_);
            const std::uint32_t length = __atomic_load_n(reinterpret_cast<const std::uint32_t*>(record), __ATOMIC_ACQUIRE);
            if ((length & BPF_RINGBUF_BUSY_BIT) != 0) return false;
            if ((length & BPF_RINGBUF_DISCARD_BIT) == 0) take(static_cast<const void*>(record + BPF_RINGBUF_HDR_SZ), length);
            const std::uint64_t size = (length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)) + BPF_RINGBUF_HDR_SZ;
            position += (size + 7) & ~std::uint64_t{7};
            __atomic_store_n(reader_position, position, __ATOMIC_RELEASE);
        }
        return true;
    }

  private:
    static std::size_t page_size() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

    Mapping reader_;
    Mapping writer_;
    std::uint64_t mask_ = 0;
};

}  // namespace guestmem::bpf
