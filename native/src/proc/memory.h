// Bytes of another process's memory, or of this one's own where touching them may fault.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proc/process.h"

namespace guestmem::proc {

/**
 * Copies bytes at `address` that the caller found present: an absent page would be faulted in. Returns how many could be
 * read, short at the first fault.
 */
std::size_t read_memory(const Process& process, std::uint64_t address, void* into, std::size_t size);

/** Copies bytes to `address`. Returns how many could be written, short at the first page that the process itself cannot. */
std::size_t write_memory(const Process& process, std::uint64_t address, const void* from, std::size_t size);

/** read_memory within this process: where a plain copy would die of SIGBUS, this ends short. */
std::size_t read_own_memory(const void* from, void* into, std::size_t size);

}  // namespace guestmem::proc
