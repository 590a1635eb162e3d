#include "thread_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/unique_fd.h"

namespace guestmem::inject {

namespace {

// include/linux/sched.h. io_uring's workers carry the first since 5.12, every kernel-made thread the second since 6.4.
constexpr unsigned long pf_io_worker = 0x10;
constexpr unsigned long pf_user_worker = 0x4000;

struct SmallFile {
    int error = 0;
    std::string text;
};

std::string thread_path(pid_t pid, pid_t tid, const char* name) {
    return "/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/" + name;
}

// The files read here are one page at most.
SmallFile read_small_file(const std::string& path) {
    SmallFile file;
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char buffer[8192];
    const ssize_t length = fd ? read(fd.get(), buffer, sizeof buffer) : -1;
    if (length < 0)
        file.error = errno;
    else
        file.text.assign(buffer, static_cast<std::size_t>(length));
    return file;
}

// The value of a "Name:\tvalue" line. The kernel escapes line ends in the one field that a process chooses itself.
std::string status_field(const std::string& status, const std::string& name) {
    const std::string key = "\n" + name + ":";
    const std::size_t found = status.find(key);
    if (found == std::string::npos) return {};
    const std::size_t begin = status.find_first_not_of(" \t", found + key.size());
    if (begin == std::string::npos) return {};
    return status.substr(begin, status.find('\n', begin) - begin);
}

unsigned long long hexadecimal(const std::string& text) {
    return std::strtoull(text.c_str(), nullptr, 16);
}

}  // namespace

bool CurrentCall::is_ioctl(std::uint32_t request) const {
    return request != 0 && kind == Kind::in_call && number == SYS_ioctl &&
           static_cast<std::uint32_t>(arguments[1]) == request;
}

bool CurrentCall::may_restart_by_block() const {
    switch (number) {
        case SYS_poll:
        case SYS_nanosleep:
        case SYS_clock_nanosleep:
        case SYS_restart_syscall:
            return true;
        case SYS_futex:
            // Only with a time limit.
            return arguments[3] != 0;
        default:
            return false;
    }
}

std::vector<pid_t> list_threads(pid_t pid) {
    std::vector<pid_t> tids;
    const std::string path = "/proc/" + std::to_string(pid) + "/task";
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
    if (!directory) return tids;
    while (const dirent* entry = readdir(directory.get())) {
        const int tid = std::atoi(entry->d_name);
        if (tid > 0) tids.push_back(tid);
    }
    return tids;
}

std::optional<ThreadState> read_thread_state(pid_t pid, pid_t tid) {
    const SmallFile stat = read_small_file(thread_path(pid, tid, "stat"));
    const SmallFile status = read_small_file(thread_path(pid, tid, "status"));
    if (stat.error != 0 || status.error != 0) return std::nullopt;

    // The name in parentheses may itself hold parentheses and spaces: the fields begin after the last one.
    const std::size_t name_end = stat.text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    ThreadState state{};
    unsigned long flags = 0;
    if (std::sscanf(stat.text.c_str() + name_end + 1, " %c %*d %*d %*d %*d %*d %lu", &state.state, &flags) != 2)
        return std::nullopt;
    state.kernel_worker = (flags & (pf_io_worker | pf_user_worker)) != 0;

    state.tracer = std::atoi(status_field(status.text, "TracerPid").c_str());
    state.seccomp = static_cast<Seccomp>(std::atoi(status_field(status.text, "Seccomp").c_str()));
    state.has_shadow_stack = status_field(status.text, "x86_Thread_features").find("shstk") != std::string::npos;
    const unsigned long long pending =
        hexadecimal(status_field(status.text, "SigPnd")) | hexadecimal(status_field(status.text, "ShdPnd"));
    state.signal_pending = (pending & ~hexadecimal(status_field(status.text, "SigBlk"))) != 0;
    return state;
}

std::optional<CurrentCall> read_current_call(pid_t pid, pid_t tid) {
    const SmallFile file = read_small_file(thread_path(pid, tid, "syscall"));
    if (file.error == EPERM || file.error == EACCES) return CurrentCall{CurrentCall::Kind::not_permitted};
    if (file.error != 0) return std::nullopt;
    if (file.text.compare(0, 7, "running") == 0) return CurrentCall{CurrentCall::Kind::running};
    CurrentCall call{CurrentCall::Kind::in_call};
    std::array<unsigned long long, 6> words{};
    if (std::sscanf(file.text.c_str(), "%ld %llx %llx %llx %llx %llx %llx", &call.number, &words[0], &words[1], &words[2],
                    &words[3], &words[4], &words[5]) != 7 ||
        call.number < 0)
        return CurrentCall{CurrentCall::Kind::user_mode};
    std::copy(words.begin(), words.end(), call.arguments.begin());
    return call;
}

}  // namespace guestmem::inject
