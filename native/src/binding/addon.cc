#include <napi.h>

#include "binding/arguments.h"
#include "binding/errors.h"
#include "binding/event_log.h"
#include "binding/event_recording.h"
#include "binding/page_run_index.h"
#include "binding/values.h"
#include "binding/vmm_process.h"
#include "kvm/bpf_objects.h"
#include "kvm/conversion_time.h"
#include "kvm/frame_folio.h"
#include "kvm/kvm_mappings.h"

namespace guestmem::binding {
namespace {

/** null when every program is usable; else the first failure, returned and not thrown. */
Napi::Value probe_bpf(const Napi::CallbackInfo& info) {
    try {
        kvm::probe_bpf();
        return info.Env().Null();
    } catch (const SystemError& error) {
        return native_error(info.Env(), error).Value();
    }
}

Napi::Value kvm_mappings(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] {
        const auto pid = static_cast<pid_t>(integer_argument(info, 0, "pid", INT32_MAX));
        return to_value(info.Env(), kvm::list_kvm_mappings({pid, bigint_argument(info, 1, "hva")}));
    });
}

Napi::Value frame_folio(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] { return to_value(info.Env(), kvm::read_frame_folio(page_argument(info, 0, "frame"))); });
}

Napi::Value measure_conversion(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] {
        const auto vm_type = static_cast<std::uint32_t>(integer_argument(info, 0, "vmType", INT32_MAX));
        return to_value(info.Env(), kvm::measure_conversion(vm_type));
    });
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
    exports.Set("probeBpf", Napi::Function::New<probe_bpf>(env, "probeBpf"));
    exports.Set("kvmMappings", Napi::Function::New<kvm_mappings>(env, "kvmMappings"));
    exports.Set("frameFolio", Napi::Function::New<frame_folio>(env, "frameFolio"));
    exports.Set("measureConversion", Napi::Function::New<measure_conversion>(env, "measureConversion"));
    exports.Set("EventLog", EventLog::define(env));
    exports.Set("EventRecording", EventRecording::define(env));
    exports.Set("VmmProcess", VmmProcess::define(env));
    exports.Set("PageRunIndex", PageRunIndex::define(env));
    return exports;
}

}  // namespace
}  // namespace guestmem::binding

Napi::Object initialize_addon(Napi::Env env, Napi::Object exports) {
    return guestmem::binding::initialize(env, exports);
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, initialize_addon)
