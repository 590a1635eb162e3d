// The seccomp filters of a stopped thread, and whether they let it make a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "attachment.h"
#include "registers.h"
#include "seccomp_program.h"

namespace guestmem::inject {

/** What a filter sees of the call that these registers make with the `syscall` instruction at `instruction`. */
seccomp_data call_seen_by_filter(const Registers& registers, std::uint64_t instruction);

class SeccompFilters {
  public:
    /** Of a thread without filters. */
    SeccompFilters() = default;

    /** The attached thread is stopped. On failure, why its filters cannot be read. */
    static std::variant<SeccompFilters, std::string> read(Attachment& attachment);

    bool let_pass(const seccomp_data& call) const { return lets_pass(programs_, call); }

  private:
    std::vector<SeccompProgram> programs_;
};

/**
 * The registers of a call from the same instruction that the filters let pass and that changes nothing, whatever it
 * returns. Empty where they let no such call pass.
 */
std::optional<Registers> find_harmless_call(const SeccompFilters& filters, const Registers& calling);

}  // namespace guestmem::inject
