#include "binding/event_recording.h"

#include "binding/arguments.h"
#include "binding/errors.h"
#include "binding/event_columns.h"
#include "binding/event_log.h"

namespace guestmem::binding {
namespace {

constexpr std::uint64_t most_events = 1 << 20;

}  // namespace

Napi::Function EventRecording::define(Napi::Env env) {
    return DefineClass(env, "EventRecording",
                       {
                           InstanceAccessor<&EventRecording::alive>("alive"),
                           InstanceAccessor<&EventRecording::missing>("missing"),
                           InstanceAccessor<&EventRecording::losses>("losses"),
                           InstanceAccessor<&EventRecording::now>("now"),
                           InstanceAccessor<&EventRecording::complete_until>("completeUntil"),
                           InstanceMethod<&EventRecording::drain>("drain"),
                           InstanceMethod<&EventRecording::drain_into>("drainInto"),
                           InstanceMethod<&EventRecording::close>("close"),
                       });
}

EventRecording::EventRecording(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EventRecording>(info) {
    with_native_errors(info.Env(), [&] {
        proc::Process process(static_cast<pid_t>(integer_argument(info, 0, "pid", INT32_MAX)));
        const auto vm = static_cast<kvm::VmIdentity>(integer_argument(info, 2, "vm", UINT32_MAX));
        recording_.emplace(std::move(process), fd_argument(info, 1, "vmFd"), vm);
    });
}

kvm::EventRecording& EventRecording::recording() {
    if (!recording_) throw SystemError(EBADF, "use an EventRecording that was closed");
    return *recording_;
}

Napi::Value EventRecording::alive(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] { return Napi::Boolean::New(info.Env(), recording().alive()); });
}

Napi::Value EventRecording::missing(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] {
        const auto& missing = recording().missing();
        Napi::Array list = Napi::Array::New(info.Env(), missing.size());
        for (std::uint32_t i = 0; i < missing.size(); i++) {
            Napi::Object entry = Napi::Object::New(info.Env());
            entry.Set("recorder", missing[i].recorder);
            entry.Set("error", native_error(info.Env(), missing[i].error).Value());
            list.Set(i, entry);
        }
        return list;
    });
}

Napi::Value EventRecording::losses(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] {
        Napi::Object losses = Napi::Object::New(info.Env());
        for (const bpf::Recorder& recorder : recording().recorders()) {
            losses.Set(recorder.name(), static_cast<double>(recorder.lost()));
        }
        return losses;
    });
}

Napi::Value EventRecording::now(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] { return Napi::Number::New(info.Env(), static_cast<double>(recording().now())); });
}

Napi::Value EventRecording::complete_until(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] { return Napi::Number::New(info.Env(), static_cast<double>(recording().complete_until())); });
}

Napi::Value EventRecording::drain(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&]() -> Napi::Value {
        return to_event_columns(info.Env(), recording().drain(integer_argument(info, 0, "most", most_events)));
    });
}

Napi::Value EventRecording::drain_into(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] {
        events::EventLog& log = EventLog::log_argument(info, 0, "log");
        const auto drained = recording().drain(integer_argument(info, 1, "most", most_events));
        for (const event_record& event : drained) log.append(event);
        return Napi::Number::New(info.Env(), static_cast<double>(drained.size()));
    });
}

Napi::Value EventRecording::close(const Napi::CallbackInfo& info) {
    recording_.reset();
    return info.Env().Undefined();
}

}  // namespace guestmem::binding
