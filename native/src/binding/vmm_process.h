// The JavaScript class VmmProcess.
#pragma once

#include <napi.h>

#include <optional>

#include "kvm/injection.h"
#include "kvm/vm_identity.h"
#include "proc/process.h"

namespace guestmem::binding {

class VmmProcess : public Napi::ObjectWrap<VmmProcess> {
  public:
    static Napi::Function define(Napi::Env env);
    explicit VmmProcess(const Napi::CallbackInfo& info);

  private:
    using Method = Napi::Value (VmmProcess::*)(const Napi::CallbackInfo& info);

    /** Any method, with what it throws turned into a NativeError. */
    template <Method method>
    Napi::Value guarded(const Napi::CallbackInfo& info);

    Napi::Value pid(const Napi::CallbackInfo& info);
    Napi::Value alive(const Napi::CallbackInfo& info);
    Napi::Value close(const Napi::CallbackInfo& info);
    Napi::Value kvm_files(const Napi::CallbackInfo& info);
    Napi::Value read_vm(const Napi::CallbackInfo& info);
    Napi::Value read_attributes(const Napi::CallbackInfo& info);
    Napi::Value read_guest_mapping(const Napi::CallbackInfo& info);
    Napi::Value read_large_page_obstacles(const Napi::CallbackInfo& info);
    Napi::Value read_dirty_pages(const Napi::CallbackInfo& info);
    Napi::Value read_stamps(const Napi::CallbackInfo& info);
    Napi::Value read_kvm_memory(const Napi::CallbackInfo& info);
    Napi::Value read_vcpu_state(const Napi::CallbackInfo& info);
    Napi::Value read_guest_memfd(const Napi::CallbackInfo& info);
    Napi::Value read_guest_memfd_pages(const Napi::CallbackInfo& info);
    Napi::Value read_guest_memfd_attributes(const Napi::CallbackInfo& info);
    Napi::Value find_guest_memfd_frame(const Napi::CallbackInfo& info);
    Napi::Value read_folio_references(const Napi::CallbackInfo& info);
    Napi::Value read_mapped_file_pages(const Napi::CallbackInfo& info);
    Napi::Value scan_pagemap(const Napi::CallbackInfo& info);
    Napi::Value read_memory(const Napi::CallbackInfo& info);
    Napi::Value read_mapped_file(const Napi::CallbackInfo& info);
    Napi::Value read_guest_memfd_bytes(const Napi::CallbackInfo& info);
    Napi::Value lock_changes(const Napi::CallbackInfo& info);
    Napi::Value permit_seccomp_suspension(const Napi::CallbackInfo& info);
    Napi::Value seccomp_suspensions(const Napi::CallbackInfo& info);
    Napi::Value check_injection(const Napi::CallbackInfo& info);
    Napi::Value set_memory_attributes(const Napi::CallbackInfo& info);
    Napi::Value set_dirty_logging(const Napi::CallbackInfo& info);
    Napi::Value pre_fault(const Napi::CallbackInfo& info);
    Napi::Value change_allocation(const Napi::CallbackInfo& info);
    Napi::Value takes_conversions(const Napi::CallbackInfo& info);
    Napi::Value convert_guest_memfd(const Napi::CallbackInfo& info);
    Napi::Value write_memory(const Napi::CallbackInfo& info);

    /** Throws EBADF after close(). */
    const proc::Process& process() const;
    kvm::InjectionTarget injection_target(const Napi::CallbackInfo& info) const;

    /** What came of an injection, with the suspensions counted. */
    Napi::Value told(Napi::Env env, const inject::Outcome& outcome);

    std::optional<proc::Process> process_;
    bool may_suspend_seccomp_ = false;
    std::uint32_t seccomp_suspensions_ = 0;
};

}  // namespace guestmem::binding
