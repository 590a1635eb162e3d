// Records what happens to the memory of one VM, from several recorders in one order.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "base/system_error.h"
#include "bpf/recorder.h"
#include "kvm/vm_identity.h"
#include "proc/process.h"

namespace guestmem::kvm {

/** Events that this kernel cannot tell, and why. */
struct MissingEvents {
    std::string recorder;
    SystemError error;
};

class EventRecording {
  public:
    /** Throws ESRCH when `fd` of the process is not the VM `vm`, and the first failure when nothing can be recorded. */
    EventRecording(proc::Process process, std::uint32_t fd, VmIdentity vm);

    bool alive() const { return process_.alive(); }
    const std::vector<MissingEvents>& missing() const { return missing_; }
    /** Each counts the events for which it had no room. */
    const std::list<bpf::Recorder>& recorders() const { return recorders_; }
    /** Microseconds since 1970, by the clock of the events: it does not jump when the host's calendar is set. */
    std::uint64_t now() const;
    /**
     * At most `most` events by time, which they have as `now` tells it; the rest stays for the next call. An event is given
     * once no earlier one can come any more.
     */
    std::vector<event_record> drain(std::size_t most);
    /** All events up to this microsecond, with it, were given. */
    std::uint64_t complete_until() const { return complete_until_; }

  private:
    std::uint64_t to_microseconds(std::uint64_t time) const;
    /** By its time, among those that are pending from `begin` on. Of one ring, few come out of order, and by little. */
    void insert(std::size_t begin, const event_record& event);

    proc::Process process_;
    /** From the clock of the events to that of the calendar, in nanoseconds. */
    std::uint64_t to_calendar_;
    std::list<bpf::Recorder> recorders_;
    std::vector<MissingEvents> missing_;
    /** All earlier events were taken from the rings. */
    std::uint64_t settled_ = 0;
    std::uint64_t complete_until_ = 0;
    /** Taken from the rings and not given yet, by time. */
    std::vector<event_record> pending_;
};

}  // namespace guestmem::kvm
