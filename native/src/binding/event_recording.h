// The JavaScript class EventRecording.
#pragma once

#include <napi.h>

#include <optional>

#include "kvm/event_recording.h"

namespace guestmem::binding {

class EventRecording : public Napi::ObjectWrap<EventRecording> {
  public:
    static Napi::Function define(Napi::Env env);
    explicit EventRecording(const Napi::CallbackInfo& info);

  private:
    Napi::Value alive(const Napi::CallbackInfo& info);
    Napi::Value missing(const Napi::CallbackInfo& info);
    Napi::Value losses(const Napi::CallbackInfo& info);
    Napi::Value now(const Napi::CallbackInfo& info);
    Napi::Value complete_until(const Napi::CallbackInfo& info);
    Napi::Value drain(const Napi::CallbackInfo& info);
    Napi::Value drain_into(const Napi::CallbackInfo& info);
    Napi::Value close(const Napi::CallbackInfo& info);

    /** Throws EBADF after close(). */
    kvm::EventRecording& recording();

    std::optional<kvm::EventRecording> recording_;
};

}  // namespace guestmem::binding
