// A BPF object that records events of one VM while it lives.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "bpf/ring.h"
#include "bpf/skeletons.h"
#include "recorder.bpf.h"

namespace guestmem::bpf {

class Recorder {
  public:
    /**
     * Loads the programs, finds the VM at `fd` of the process, and begins to record. Throws SystemError when this kernel
     * lacks what they need, or ESRCH when there is no VM.
     */
    Recorder(const recorder_type& type, int pidfd, std::uint32_t fd);
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;
    ~Recorder();

    const char* name() const { return type_.skeleton.name; }
    const vm_key& vm() const { return state()->vm; }
    /** Events that found no room since the recorder was made. */
    std::uint64_t lost() const { return __atomic_load_n(&state()->lost, __ATOMIC_RELAXED); }

    /** As that of the ring. */
    template <typename Take>
    bool drain(Take take) {
        return ring_.drain([&](const void* record, std::size_t size) {
            event_record event{};
            std::memcpy(&event, record, std::min(size, sizeof event));
            take(event);
        });
    }

  private:
    recorder_state* state() const { return static_cast<recorder_state*>(skeleton_.state); }

    const recorder_type& type_;
    skeleton skeleton_{};
    Ring ring_;
};

}  // namespace guestmem::bpf
