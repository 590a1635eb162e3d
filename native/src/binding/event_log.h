// The JavaScript class EventLog. What is asked of it is answered beside the event loop, as it was when it was asked.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>

#include "events/event_log.h"
#include "events/event_table.h"

namespace guestmem::binding {

class EventLog : public Napi::ObjectWrap<EventLog> {
  public:
    static Napi::Function define(Napi::Env env);
    explicit EventLog(const Napi::CallbackInfo& info);

    static events::EventLog& log_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name);

  private:
    Napi::Value count(const Napi::CallbackInfo& info);
    Napi::Value given_up(const Napi::CallbackInfo& info);
    Napi::Value oldest(const Napi::CallbackInfo& info);
    Napi::Value counts(const Napi::CallbackInfo& info);
    Napi::Value bytes(const Napi::CallbackInfo& info);
    Napi::Value append(const Napi::CallbackInfo& info);
    Napi::Value read(const Napi::CallbackInfo& info);
    Napi::Value list(const Napi::CallbackInfo& info);
    Napi::Value count_events(const Napi::CallbackInfo& info);

    std::unique_ptr<events::EventLog> log_;
    std::shared_ptr<events::EventTable> table_ = std::make_shared<events::EventTable>();
};

}  // namespace guestmem::binding
