#include "bpf/verifier_log.h"

#include <algorithm>

namespace guestmem::bpf {
namespace {

constexpr std::size_t wanted_size = 2000;
constexpr std::size_t longest_harmless_number = 8;

std::string without_addresses(const std::string& text) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789abcdef", at), text.size()) - at;
        const std::size_t length = std::max<std::size_t>(digits, 1);
        if (digits > longest_harmless_number)
            result += "(address)";
        else
            result.append(text, at, length);
        at += length;
    }
    return result;
}

}  // namespace

std::string log_end(const std::string& log) {
    if (log.size() <= wanted_size) return without_addresses(log);
    // From a line's beginning, so that no number is cut in two and taken for a short one.
    const std::size_t newline = log.find('\n', log.size() - wanted_size);
    return newline == std::string::npos ? std::string() : without_addresses(log.substr(newline + 1));
}

}  // namespace guestmem::bpf
