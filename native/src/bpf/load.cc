#include "bpf/load.h"

#include <signal.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "bpf/verifier_log.h"

namespace guestmem::bpf {
namespace {

constexpr std::size_t verifier_log_size = 1 << 20;
constexpr int load_attempts = 5;

/**
 * Keeps signals from this thread: a profiler's come every millisecond, and the verifier gives up when one is pending. On
 * Linux sigprocmask() is the calling thread's alone, and older glibcs have it where pthread_sigmask() moved in newer ones.
 */
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

}  // namespace

int load(const skeleton_type& type, skeleton& skeleton, std::string& log) {
    std::vector<char> words(verifier_log_size);
    int error = -EAGAIN;
    const SignalsBlocked blocked;
    // Some work for the thread, as that of an io_uring, counts as a signal and cannot be blocked.
    for (int attempt = 0; error == -EAGAIN && attempt < load_attempts; attempt++)
        error = type.load(&skeleton, words.data(), static_cast<unsigned>(words.size()));
    if (error != 0) log = log_end(std::string(words.data(), strnlen(words.data(), words.size())));
    return -error;
}

}  // namespace guestmem::bpf
