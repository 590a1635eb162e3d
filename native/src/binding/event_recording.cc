#include "binding/event_recording.h"

#include <time.h>

#include "binding/arguments.h"
#include "binding/column.h"
#include "binding/errors.h"

namespace guestmem::binding {
namespace {

constexpr std::uint64_t most_events = 1 << 20;

std::int64_t nanoseconds(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Napi::Function EventRecording::define(Napi::Env env) {
    return DefineClass(env, "EventRecording",
                       {
                           InstanceAccessor<&EventRecording::alive>("alive"),
                           InstanceAccessor<&EventRecording::missing>("missing"),
                           InstanceAccessor<&EventRecording::lost>("lost"),
                           InstanceMethod<&EventRecording::drain>("drain"),
                           InstanceMethod<&EventRecording::close>("close"),
                       });
}

EventRecording::EventRecording(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EventRecording>(info) {
    with_native_errors(info.Env(), [&] {
        proc::Process process(static_cast<pid_t>(integer_argument(info, 0, "pid", INT32_MAX)));
        const auto vm = static_cast<kvm::VmIdentity>(integer_argument(info, 2, "vm", UINT32_MAX));
        recording_.emplace(std::move(process), fd_argument(info, 1, "vmFd"), vm);
        to_calendar_ = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_MONOTONIC);
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

Napi::Value EventRecording::lost(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] { return Napi::Number::New(info.Env(), static_cast<double>(recording().lost())); });
}

Napi::Value EventRecording::drain(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&]() -> Napi::Value {
        const Napi::Env env = info.Env();
        const auto events = recording().drain(integer_argument(info, 0, "most", most_events));
        Napi::Object columns = Napi::Object::New(env);
        columns.Set("count", static_cast<double>(events.size()));
        columns.Set("times", column<Napi::Float64Array>(env, events, [&](const auto& event) {
                        return static_cast<double>(static_cast<std::int64_t>(event.time) + to_calendar_) / 1000;
                    }));
        columns.Set("kinds", column<Napi::Uint8Array>(env, events, [](const auto& event) { return event.kind; }));
        columns.Set("threads", column<Napi::Uint32Array>(env, events, [](const auto& event) { return event.thread; }));
        columns.Set("numbers", column<Napi::Int16Array>(env, events, [](const auto& event) { return event.number; }));
        columns.Set("addressSpaces", column<Napi::Uint8Array>(env, events, [](const auto& event) { return event.address_space; }));
        columns.Set("starts", column<Napi::BigUint64Array>(env, events, [](const auto& event) { return event.start; }));
        columns.Set("sizes", column<Napi::BigUint64Array>(env, events, [](const auto& event) { return event.size; }));
        columns.Set("values", column<Napi::BigUint64Array>(env, events, [](const auto& event) { return event.value; }));
        columns.Set("details", column<Napi::BigUint64Array>(env, events, [](const auto& event) { return event.detail; }));
        columns.Set("durations", column<Napi::Uint32Array>(env, events, [](const auto& event) { return event.duration; }));
        columns.Set("results", column<Napi::Int32Array>(env, events, [](const auto& event) { return event.result; }));
        return columns;
    });
}

Napi::Value EventRecording::close(const Napi::CallbackInfo& info) {
    recording_.reset();
    return info.Env().Undefined();
}

}  // namespace guestmem::binding
