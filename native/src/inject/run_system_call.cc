#include "run_system_call.h"

#include <thread>

#include "attempt.h"
#include "stub.h"
#include "thread_choice.h"

namespace guestmem::inject {

namespace {

// Reasons that pass by themselves are given this many chances: threads leave KVM_RUN, another tool lets go.
constexpr int rounds = 20;
constexpr std::chrono::milliseconds between_rounds{10};

bool may_pass(Reason reason) {
    return reason == Reason::no_thread || reason == Reason::traced;
}

// Calls `round`, which returns a Refused or anything else, until it does not refuse for a reason that may pass.
template <typename Round>
auto try_repeatedly(Clock::time_point deadline, Round round) {
    for (int left = rounds;; left--) {
        auto result = round();
        const Refused* refused = std::get_if<Refused>(&result);
        if (refused == nullptr || !may_pass(refused->reason) || left == 1 || Clock::now() >= deadline) return result;
        std::this_thread::sleep_for(between_rounds);
    }
}

std::optional<Refused> unmet(const Request& request) {
    return request.precondition ? request.precondition() : std::nullopt;
}

Refused no_place(const Request& request, const std::string& why) {
    return {Reason::unsupported, "process " + std::to_string(request.target.pid) + " " + why};
}

bool may_do_elsewhere(Reason reason) {
    return reason == Reason::no_thread || reason == Reason::seccomp;
}

// Every candidate once. Time during which threads were held adds up in `stopped`.
Outcome try_candidates(const Request& request, Clock::time_point deadline, std::chrono::microseconds& stopped) {
    const ThreadChoice choice = choose_threads(request.target, request.preference);
    if (const Refused* refused = std::get_if<Refused>(&choice)) return *refused;

    Outcome outcome = Refused{Reason::no_thread, "no thread was tried"};
    std::optional<Refused> forbidden;
    for (const pid_t tid : std::get<std::vector<pid_t>>(choice)) {
        const std::variant<StubPlace, std::string> stub = find_stub_place(request.target.pid);
        if (const std::string* why = std::get_if<std::string>(&stub)) return no_place(request, *why);
        if (std::optional<Refused> refused = unmet(request)) return *refused;
        Attempt attempt = attempt_in_thread(request, tid, std::get<StubPlace>(stub), deadline);
        outcome = std::move(attempt.outcome);
        stopped += attempt.stopped;
        const Refused* refused = std::get_if<Refused>(&outcome);
        if (refused == nullptr || !may_do_elsewhere(refused->reason)) return outcome;
        if (refused->reason == Reason::seccomp) forbidden = *refused;
        if (Clock::now() >= deadline) break;
    }
    // What a filter forbids it will forbid again: to wait does not help.
    return forbidden ? Outcome{*forbidden} : outcome;
}

}  // namespace

std::optional<Refused> find_refusal(const Request& request) {
    if (std::optional<Refused> refused = unmet(request)) return refused;
    ThreadChoice choice = try_repeatedly(Clock::now() + time_limit,
                                         [&] { return choose_threads(request.target, request.preference); });
    if (Refused* refused = std::get_if<Refused>(&choice)) return std::move(*refused);
    const std::variant<StubPlace, std::string> stub = find_stub_place(request.target.pid);
    if (const std::string* why = std::get_if<std::string>(&stub)) return no_place(request, *why);
    return std::nullopt;
}

Outcome run_system_call(const Request& request) {
    const Clock::time_point deadline = Clock::now() + time_limit;
    std::chrono::microseconds stopped{};
    Request asking = request;
    asking.may_suspend_seccomp = false;
    Outcome outcome = try_repeatedly(deadline, [&] { return try_candidates(asking, deadline, stopped); });
    const Refused* refused = std::get_if<Refused>(&outcome);
    // Only where no thread may do it otherwise.
    if (request.may_suspend_seccomp && refused != nullptr && refused->reason == Reason::seccomp)
        outcome = try_repeatedly(deadline, [&] { return try_candidates(request, deadline, stopped); });
    if (Returned* returned = std::get_if<Returned>(&outcome)) returned->stopped = stopped;
    if (Unknown* unknown = std::get_if<Unknown>(&outcome)) unknown->stopped = stopped;
    return outcome;
}

}  // namespace guestmem::inject
