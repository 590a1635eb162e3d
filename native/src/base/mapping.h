// An owned memory mapping, shared; for reading, where nothing else is said.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <utility>

namespace guestmem {

class Mapping {
  public:
    Mapping() = default;
    /** Maps `size` bytes of `fd`; empty, with errno set, when that is refused. */
    Mapping(int fd, std::size_t size, off_t offset, int protection = PROT_READ) : size_(size) {
        void* address = mmap(nullptr, size, protection, MAP_SHARED, fd, offset);
        address_ = address == MAP_FAILED ? nullptr : address;
    }
    Mapping(Mapping&& other) noexcept { swap(other); }
    Mapping& operator=(Mapping&& other) noexcept {
        swap(other);
        return *this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (address_ != nullptr) munmap(address_, size_);
    }

    explicit operator bool() const { return address_ != nullptr; }
    void* data() const { return address_; }
    std::size_t size() const { return size_; }

  private:
    void swap(Mapping& other) {
        std::swap(address_, other.address_);
        std::swap(size_, other.size_);
    }

    void* address_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace guestmem
