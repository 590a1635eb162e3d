#include "thread_choice.h"

#include <algorithm>
#include <map>
#include <optional>

#include "thread_state.h"

namespace guestmem::inject {

namespace {

// The smaller, the sooner tried.
enum class Rank { sleeping_in_call, elsewhere, filtered, last_resort };

struct Found {
    std::vector<std::pair<Rank, pid_t>> candidates;
    // How many threads each reason excludes.
    std::map<std::string, int> excluded;
    bool filtered = false;
    std::optional<Refused> refusal;
};

std::string describe(const std::map<std::string, int>& excluded) {
    std::string text;
    for (const auto& [why, threads] : excluded)
        text += (text.empty() ? "" : ", ") + std::to_string(threads) + " " + why;
    return text;
}

// Adds one thread to what was found. A reason that concerns the whole process goes into `refusal`.
void examine(const Target& target, const ThreadPreference& preference, pid_t tid, Found& found) {
    const std::optional<ThreadState> state = read_thread_state(target.pid, tid);
    if (!state || state->kernel_worker) return;
    if (state->tracer != 0) {
        // A debugger that holds one thread may at any moment stop them all, and expects to be the only one to do so.
        found.refusal = Refused{Reason::traced,
                                "process " + std::to_string(target.pid) + " is traced by process " +
                                    std::to_string(state->tracer) + " (a debugger?)",
                                state->tracer};
        return;
    }
    switch (state->state) {
        case 'Z':
        case 'X':
            found.excluded["dead"]++;
            return;
        case 'T':
        case 't':
            found.excluded["stopped"]++;
            return;
        case 'D':
            // Does not stop before its sleep ends.
            found.excluded["in an uninterruptible sleep"]++;
            return;
        default:
            break;
    }
    if (state->seccomp == Seccomp::strict) {
        found.filtered = true;
        found.excluded["in seccomp's strict mode"]++;
        return;
    }
    if (state->has_shadow_stack) {
        // The stub's return would not match the shadow stack.
        found.excluded["with a shadow stack"]++;
        return;
    }
    const std::optional<CurrentCall> call = read_current_call(target.pid, tid);
    if (!call) return;
    if (call->kind == CurrentCall::Kind::not_permitted) {
        found.refusal = Refused{Reason::not_permitted,
                                "no right to trace process " + std::to_string(target.pid) +
                                    ": it takes CAP_SYS_PTRACE, or the same user and Yama's leave"
                                    " (/proc/sys/kernel/yama/ptrace_scope)"};
        return;
    }
    if (call->is_ioctl(preference.busy_ioctl)) {
        found.excluded["in " + preference.busy_name]++;
        return;
    }
    const bool in_call = call->kind == CurrentCall::Kind::in_call;
    const bool filtered = state->seccomp != Seccomp::none;
    if (filtered && (!in_call || state->state != 'S')) {
        // It may fall asleep in a call of the kind below before it is stopped.
        found.excluded["awake under a seccomp filter"]++;
        return;
    }
    if (filtered && call->may_restart_by_block()) {
        // A stop makes such a call go on by restart_syscall. A filter that does not know that call kills the thread, and
        // the filter can be read, and another way taken, only after the stop: too late if we die there.
        found.filtered = true;
        found.excluded["under a seccomp filter in a sleep that a stop may end by another system call"]++;
        return;
    }
    if (preference.last_resort.count(tid) == 0 || preference.only != 0)
        found.candidates.emplace_back(filtered                               ? Rank::filtered
                                      : in_call && state->state == 'S' ? Rank::sleeping_in_call
                                                                             : Rank::elsewhere,
                                      tid);
    else if (in_call)
        found.candidates.emplace_back(Rank::last_resort, tid);
    else
        // It may be in the busy call by the time it is looked at.
        found.excluded["outside system calls"]++;
}

}  // namespace

ThreadChoice choose_threads(const Target& target, const ThreadPreference& preference) {
    Found found;
    for (const pid_t tid : list_threads(target.pid)) {
        if (preference.only == 0 || preference.only == tid) examine(target, preference, tid, found);
        if (found.refusal) return *found.refusal;
    }
    if (target.has_exited()) return Refused{Reason::gone, "process " + std::to_string(target.pid) + " has exited"};
    if (found.candidates.empty()) {
        const Reason reason = found.filtered ? Reason::seccomp : Reason::no_thread;
        const std::string who = preference.only == 0
                                    ? "no thread of process " + std::to_string(target.pid) + " can execute the call now: "
                                    : "thread " + std::to_string(preference.only) + " cannot execute the call now: ";
        return Refused{reason, who + (found.excluded.empty() ? "it has ended" : describe(found.excluded))};
    }
    std::stable_sort(found.candidates.begin(), found.candidates.end(),
                     [](const auto& one, const auto& other) { return one.first < other.first; });
    std::vector<pid_t> tids;
    for (const auto& [rank, tid] : found.candidates) tids.push_back(tid);
    return tids;
}

}  // namespace guestmem::inject
