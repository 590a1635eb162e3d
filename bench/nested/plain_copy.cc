// plain_copy PID FD WHAT FIRST END: copies what the product walks, several times; prints the fastest in milliseconds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/system_error.h"
#include "bpf/object.h"
#include "plain_copy.h"
#include "proc/process.h"

extern "C" const skeleton_type plain_copy_skeleton;

namespace {

constexpr int repeats = 60;

double copy_once(guestmem::bpf::Object<plain_copy_state, copy>& object, int pidfd, plain_copy_state request) {
    const auto begin = std::chrono::steady_clock::now();
    while (request.index < request.end) {
        const __u64 from = request.index;
        request.index = object.run(pidfd, request, "copy").index;
        if (request.index == from) throw guestmem::SystemError(EAGAIN, "copy");
    }
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int, char** words) try {
    const guestmem::proc::Process process(std::atoi(words[1]));
    guestmem::bpf::Object<plain_copy_state, copy> object(plain_copy_skeleton);
    plain_copy_state request{};
    request.wanted_fd = static_cast<__u32>(std::atoi(words[2]));
    request.what = static_cast<__u32>(std::atoi(words[3]));
    request.index = std::strtoull(words[4], nullptr, 10);
    request.end = std::strtoull(words[5], nullptr, 10);
    double fastest = copy_once(object, process.pidfd(), request);
    for (int i = 1; i < repeats; i++) fastest = std::min(fastest, copy_once(object, process.pidfd(), request));
    std::printf("%.4f\n", fastest);
} catch (const guestmem::SystemError& error) {
    std::fprintf(stderr, "%s: errno %d\n%s\n", error.what(), error.error(), error.log().c_str());
    return 1;
}
