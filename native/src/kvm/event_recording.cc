#include "kvm/event_recording.h"

#include <time.h>

#include <algorithm>
#include <utility>

namespace guestmem::kvm {
namespace {

/** Nanoseconds; much more than it takes until other processors see that a record is begun. */
constexpr std::uint64_t instant = 100'000;

std::uint64_t nanoseconds(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

bool is_earlier(const event_record& one, const event_record& other) { return one.time < other.time; }

}  // namespace

EventRecording::EventRecording(proc::Process process, std::uint32_t fd, VmIdentity vm)
    : process_(std::move(process)), to_calendar_(nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_MONOTONIC)) {
    for (const recorder_type* type : {&record_attributes_recorder, &record_calls_recorder, &record_faults_recorder,
                                      &record_guest_memfd_pages_recorder}) {
        try {
            recorders_.emplace_back(*type, process_.pidfd(), fd);
            if (identity_of(recorders_.back().vm()) != vm) throw SystemError(ESTALE, "record another VM than was asked for");
        } catch (const SystemError& error) {
            if (error.error() == ESRCH || error.error() == ESTALE) throw;
            missing_.push_back({type->skeleton.name, error});
        }
    }
    process_.require_alive();
    if (recorders_.empty()) throw missing_.front().error;
}

std::uint64_t EventRecording::to_microseconds(std::uint64_t time) const { return (time + to_calendar_) / 1000; }

std::uint64_t EventRecording::now() const { return to_microseconds(nanoseconds(CLOCK_MONOTONIC)); }

std::vector<event_record> EventRecording::drain(std::size_t most) {
    // What comes into one ring while another is read may be later than what that one still gets. But a record gets its time
    // after it is begun: so what happened before this look, and its instant, is in the rings now.
    const std::uint64_t settled = nanoseconds(CLOCK_MONOTONIC) - instant;
    bool is_whole = true;
    for (bpf::Recorder& recorder : recorders_) {
        const std::size_t begin = pending_.size();
        is_whole = recorder.drain([&](const event_record& event) { insert(begin, event); }) && is_whole;
        const auto middle = pending_.begin() + static_cast<std::ptrdiff_t>(begin);
        std::inplace_merge(pending_.begin(), middle, pending_.end(), is_earlier);
    }
    if (is_whole) settled_ = settled;
    const auto is_settled = [&](const event_record& event) { return event.time < settled_; };
    const auto end = std::partition_point(pending_.begin(), pending_.end(), is_settled);
    const auto given = std::min(end, pending_.begin() + static_cast<std::ptrdiff_t>(std::min(most, pending_.size())));
    std::vector<event_record> events(pending_.begin(), given);
    if (given == end) complete_until_ = to_microseconds(settled_) - 1;
    pending_.erase(pending_.begin(), given);
    for (event_record& event : events) event.time = to_microseconds(event.time);
    return events;
}

void EventRecording::insert(std::size_t begin, const event_record& event) {
    pending_.push_back(event);
    std::size_t at = pending_.size() - 1;
    for (; at > begin && is_earlier(event, pending_[at - 1]); at--) pending_[at] = pending_[at - 1];
    pending_[at] = event;
}

}  // namespace guestmem::kvm
