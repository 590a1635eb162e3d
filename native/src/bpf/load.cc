#include "bpf/load.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include "bpf/verifier_log.h"

namespace guestmem::bpf {
namespace {

constexpr std::size_t verifier_log_size = 1 << 20;
constexpr int load_attempts = 5;

}  // namespace

int load(const skeleton_type& type, skeleton& skeleton, std::string& log) {
    std::vector<char> words(verifier_log_size);
    int error = -EAGAIN;
    // The verifier gives up with EAGAIN when a signal is pending.
    for (int attempt = 0; error == -EAGAIN && attempt < load_attempts; attempt++)
        error = type.load(&skeleton, words.data(), static_cast<unsigned>(words.size()));
    if (error != 0) log = log_end(std::string(words.data(), strnlen(words.data(), words.size())));
    return -error;
}

}  // namespace guestmem::bpf
