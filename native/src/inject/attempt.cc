#include "attempt.h"

#include <sys/syscall.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "attachment.h"
#include "remote_frame.h"
#include "restart_rules.h"
#include "saved_registers.h"
#include "seccomp_filters.h"
#include "stub.h"
#include "thread_state.h"

namespace guestmem::inject {

namespace {

// Beyond the deadline: a thread that could be stopped once stops again at once.
constexpr std::chrono::milliseconds time_to_take_back{100};

std::string name_of(pid_t tid) {
    return "thread " + std::to_string(tid);
}

Refused not_now(pid_t tid, const std::string& what) {
    return {Reason::no_thread, name_of(tid) + " " + what};
}

Refused refused_attach(const Request& request, pid_t tid, int error) {
    const std::optional<ThreadState> state = read_thread_state(request.target.pid, tid);
    if (error == ESRCH || !state) return not_now(tid, "has ended");
    if (state->tracer != 0)
        return {Reason::traced, name_of(tid) + " is traced by process " + std::to_string(state->tracer), state->tracer};
    return {Reason::not_permitted, "attaching to " + name_of(tid) + " failed: " + std::strerror(error)};
}

// What may have changed between the choice of the thread and its stop, when it could not be looked at without a race.
// Reading through the process's own directory also proves that the thread is one of its threads and not another
// process's, to which the number went in between.
std::optional<Refused> changed_since_chosen(const Request& request, pid_t tid) {
    const Target& target = request.target;
    if (target.has_exited())
        return Refused{Reason::gone, "process " + std::to_string(target.pid) + " has exited"};
    const std::optional<ThreadState> state = read_thread_state(target.pid, tid);
    if (!state) return not_now(tid, "is no longer a thread of process " + std::to_string(target.pid));
    // Its handler would run on top of the stub, and the interrupted call would be restarted where it should fail with
    // EINTR, if we died. Let the thread take the signal first.
    if (state->signal_pending) return not_now(tid, "is about to take a signal");
    return std::nullopt;
}

class Injection {
  public:
    Injection(const Request& request, pid_t tid, const StubPlace& stub, Clock::time_point deadline)
        : request_(request), tid_(tid), stub_(stub), deadline_(deadline), attachment_(tid, request.observer) {}

    Attempt run() {
        Outcome outcome = attachment_.error() != 0 ? Outcome{refused_attach(request_, tid_, attachment_.error())}
                                                   : stop_and_execute();
        attachment_.detach(signal_in_hand_);
        return {std::move(outcome), attachment_.stopped()};
    }

  private:
    Outcome stop_and_execute() {
        attachment_.interrupt();
        const Stop stop = attachment_.wait(deadline_);
        switch (stop.kind) {
            case Stop::Kind::interrupted:
                return execute();
            case Stop::Kind::signal:
                // The kernel takes any stop for the one that we asked for, so no other would follow this one.
                signal_in_hand_ = stop.signal;
                return not_now(tid_, "was given a signal");
            case Stop::Kind::job_control:
                return not_now(tid_, "is being stopped by a signal");
            case Stop::Kind::timeout:
                return not_now(tid_, "did not stop within the time limit");
            default:
                return not_now(tid_, "has ended");
        }
    }

    Outcome execute() {
        SavedRegisters saved(attachment_, request_.preference.busy_ioctl);
        if (!saved.valid() || !attachment_.uses_64_bit_calls())
            return not_now(tid_, "does not make 64-bit system calls");
        if (!in_system_call(saved.get())) return not_now(tid_, "is not in a system call");
        const CurrentCall call{CurrentCall::Kind::in_call, static_cast<long>(saved.get().orig_rax), {0, saved.get().rsi}};
        if (call.is_ioctl(request_.preference.busy_ioctl))
            return not_now(tid_, "is in " + request_.preference.busy_name);
        if (std::optional<Refused> refused = changed_since_chosen(request_, tid_)) return *refused;

        if (std::optional<Refused> refused = prepare_stub()) return *refused;

        const std::uint64_t frame = frame_address(saved.get());
        const Registers calling = registers_for_stub(saved.get(), stub_.address, frame, request_.call);
        Registers entering = calling;
        if (std::optional<Refused> refused = ask_seccomp(saved, calling, entering)) return *refused;

        if (!write_frame(request_.target.pid, frame, saved.for_stub(), request_.call.payload))
            return not_now(tid_, "has no room on its stack");
        attachment_.observe("write frame");
        if (!attachment_.write(entering)) return not_now(tid_, "has ended");
        return finish_call(saved, calling);
    }

    // A call that a filter forbids kills the process. Where its filters are suspended for the call, the thread enters the
    // kernel with a harmless one in `entering`, so that our death before that harms nothing.
    std::optional<Refused> ask_seccomp(SavedRegisters& saved, const Registers& calling, Registers& entering) {
        const std::optional<ThreadState> state = read_thread_state(request_.target.pid, tid_);
        if (!state) return not_now(tid_, "has ended");
        if (state->seccomp == Seccomp::none) return std::nullopt;
        const auto filters = SeccompFilters::read(attachment_);
        if (const std::string* why = std::get_if<std::string>(&filters))
            return Refused{Reason::seccomp, name_of(tid_) + " runs under seccomp filters: " + *why};
        const SeccompFilters& known = std::get<SeccompFilters>(filters);
        if (restarts_by_block(saved.get())) {
            Registers restarting = saved.get();
            restarting.rax = SYS_restart_syscall;
            if (!known.let_pass(call_seen_by_filter(restarting, saved.get().rip - 2))) saved.forbid_restart_by_block();
        }
        if (known.let_pass(call_seen_by_filter(calling, calling.rip))) return std::nullopt;
        const std::string filter = "the seccomp filter of " + name_of(tid_);
        if (!request_.may_suspend_seccomp) return Refused{Reason::seccomp, filter + " does not let it make the call"};
        const std::optional<Registers> harmless = find_harmless_call(known, calling);
        if (!harmless) return Refused{Reason::seccomp, filter + " lets it make neither the call nor a harmless one"};
        if (const int error = attachment_.suspend_seccomp())
            return Refused{Reason::seccomp, filter + " cannot be suspended: it takes CAP_SYS_ADMIN, no filter of one's own"
                                                " and CONFIG_CHECKPOINT_RESTORE (" + std::strerror(error) + ")"};
        seccomp_suspended_ = true;
        entering = *harmless;
        return std::nullopt;
    }

    // At its entry, where the suspended filters have not been asked yet, the harmless call becomes the one that is meant.
    // If we die after this and before the thread has run past its filters, these judge the call. No order is without such a
    // place: the kernel asks the filters after the last stop before a call, and suspends them for a living tracer alone.
    bool reveal_call(const Registers& calling) {
        Registers registers{};
        if (!attachment_.read(registers)) return false;
        registers.orig_rax = calling.rax;
        registers.rdi = calling.rdi;
        registers.rsi = calling.rsi;
        registers.rdx = calling.rdx;
        registers.r10 = calling.r10;
        registers.r8 = calling.r8;
        registers.r9 = calling.r9;
        return attachment_.write(registers, "reveal call");
    }

    std::optional<Refused> prepare_stub() {
        if (stub_.written) {
            // The process may have called execve since the stub was found.
            if (is_stub_at(request_.target.pid, stub_.address)) return std::nullopt;
            return not_now(tid_, "has changed its program");
        }
        const std::variant<StubPlace, std::string> found = find_stub_place(request_.target.pid);
        const StubPlace* place = std::get_if<StubPlace>(&found);
        if (!place) return not_now(tid_, "has changed its program");
        stub_ = *place;
        if (stub_.written || write_stub(attachment_, stub_.address)) return std::nullopt;
        return not_now(tid_, std::string("could not be given the call: ") + std::strerror(errno));
    }

    // From here on the frame restores the thread if we cannot.
    Outcome finish_call(SavedRegisters& saved, const Registers& calling) {
        bool entered = false;
        const char* step = "resume to system call";
        while (attachment_.resume_to_system_call(step)) {
            Stop stop = attachment_.wait(deadline_);
            if (stop.kind == Stop::Kind::timeout && !entered) stop = stop_before_call();
            if (stop.kind == Stop::Kind::system_call) {
                if (entered) return read_result(saved);
                if (seccomp_suspended_) {
                    if (!reveal_call(calling)) break;
                    step = "resume to revealed call";
                }
                entered = true;
                continue;
            }
            if (entered || stop.kind == Stop::Kind::timeout || stop.kind == Stop::Kind::gone) break;
            // The thread has not entered the stub's call: a signal, a stop of the process or our interrupt came first.
            // Undone, a signal meets the call that it would have met without us.
            signal_in_hand_ = stop.kind == Stop::Kind::signal ? stop.signal : 0;
            return not_now(tid_, stop.kind == Stop::Kind::interrupted ? "does not go on (its cgroup may be frozen)"
                                                                      : "was given a signal");
        }
        saved.leave_to_stub();
        return Unknown{name_of(tid_) + (entered ? " began the call and did not return from it within the time limit"
                                                : " did not begin the call within the time limit"),
                       tid_};
    }

    // A frozen thread obeys its tracer and does not run. Left in the stub it would make the call when it is thawed,
    // perhaps hours after we said that nothing is known of it.
    Stop stop_before_call() {
        attachment_.interrupt();
        return attachment_.wait(Clock::now() + time_to_take_back);
    }

    Outcome read_result(SavedRegisters& saved) {
        Registers after{};
        if (!attachment_.read(after)) {
            saved.leave_to_stub();
            return Unknown{name_of(tid_) + " ended as the call returned", tid_};
        }
        const long result = static_cast<long>(after.rax);
        saved.restore();
        return Returned{means_interrupted(result) ? -EINTR : result, tid_, {}, seccomp_suspended_};
    }

    const Request& request_;
    const pid_t tid_;
    StubPlace stub_;
    const Clock::time_point deadline_;
    Attachment attachment_;
    int signal_in_hand_ = 0;
    bool seccomp_suspended_ = false;
};

}  // namespace

Attempt attempt_in_thread(const Request& request, pid_t tid, const StubPlace& stub, Clock::time_point deadline) {
    Attempt attempt{not_now(tid, "was not tried"), {}};
    // A thread of its own, because its end lets go of what cannot be detached (attachment.h).
    std::thread tracer([&] { attempt = Injection(request, tid, stub, deadline).run(); });
    tracer.join();
    return attempt;
}

}  // namespace guestmem::inject
