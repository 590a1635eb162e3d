#include "binding/vmm_process.h"

#include "binding/arguments.h"
#include "binding/errors.h"
#include "binding/values.h"
#include "kvm/dirty_logging.h"
#include "kvm/guest_memfd_allocation.h"
#include "kvm/guest_memfd_bytes.h"
#include "kvm/guest_memfd_conversion.h"
#include "kvm/pre_fault.h"
#include "kvm/set_attributes.h"
#include "proc/mapped_file.h"
#include "proc/memory.h"

namespace guestmem::binding {
namespace {

/** A count of bytes, or -1 for none. */
Napi::Value count_or_none(Napi::Env env, const std::optional<std::size_t>& count) {
    return Napi::Number::New(env, count ? static_cast<double>(*count) : -1);
}

}  // namespace

template <VmmProcess::Method method>
Napi::Value VmmProcess::guarded(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] { return (this->*method)(info); });
}

Napi::Function VmmProcess::define(Napi::Env env) {
    return DefineClass(
        env, "VmmProcess",
        {
            InstanceAccessor<&VmmProcess::guarded<&VmmProcess::pid>>("pid"),
            InstanceAccessor<&VmmProcess::guarded<&VmmProcess::alive>>("alive"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::close>>("close"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::kvm_files>>("kvmFiles"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_vm>>("readVm"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_attributes>>("readAttributes"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_guest_mapping>>("readGuestMapping"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_large_page_obstacles>>("readLargePageObstacles"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_dirty_pages>>("readDirtyPages"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_stamps>>("readStamps"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_kvm_memory>>("readKvmMemory"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_vcpu_state>>("readVcpuState"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_guest_memfd>>("readGuestMemfd"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_guest_memfd_pages>>("readGuestMemfdPages"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_guest_memfd_attributes>>("readGuestMemfdAttributes"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::find_guest_memfd_frame>>("findGuestMemfdFrame"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_folio_references>>("readFolioReferences"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_mapped_file_pages>>("readMappedFilePages"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::scan_pagemap>>("scanPagemap"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_memory>>("readMemory"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_mapped_file>>("readMappedFile"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::read_guest_memfd_bytes>>("readGuestMemfdBytes"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::lock_changes>>("lockChanges"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::permit_seccomp_suspension>>("permitSeccompSuspension"),
            InstanceAccessor<&VmmProcess::guarded<&VmmProcess::seccomp_suspensions>>("seccompSuspensions"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::check_injection>>("checkInjection"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::set_memory_attributes>>("setMemoryAttributes"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::set_dirty_logging>>("setDirtyLogging"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::pre_fault>>("preFault"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::change_allocation>>("changeAllocation"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::takes_conversions>>("takesConversions"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::convert_guest_memfd>>("convertGuestMemfd"),
            InstanceMethod<&VmmProcess::guarded<&VmmProcess::write_memory>>("writeMemory"),
        });
}

VmmProcess::VmmProcess(const Napi::CallbackInfo& info) : Napi::ObjectWrap<VmmProcess>(info) {
    with_native_errors(info.Env(), [&] {
        process_.emplace(static_cast<pid_t>(integer_argument(info, 0, "pid", INT32_MAX)));
    });
}

const proc::Process& VmmProcess::process() const {
    if (!process_) throw SystemError(EBADF, "use a VmmProcess that was closed");
    return *process_;
}

Napi::Value VmmProcess::pid(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), process().pid()); }

Napi::Value VmmProcess::alive(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), process().alive());
}

Napi::Value VmmProcess::close(const Napi::CallbackInfo& info) {
    process_.reset();
    return info.Env().Undefined();
}

Napi::Value VmmProcess::kvm_files(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::list_kvm_files(process()));
}

Napi::Value VmmProcess::read_vm(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::read_vm(process(), fd_argument(info, 0, "fd")));
}

Napi::Value VmmProcess::read_attributes(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::read_attributes(process(), fd_argument(info, 0, "vmFd"),
                                                     page_argument(info, 1, "firstGfn"),
                                                     page_argument(info, 2, "endGfn")));
}

Napi::Value VmmProcess::read_guest_mapping(const Napi::CallbackInfo& info) {
    const auto address_space = static_cast<std::uint32_t>(integer_argument(info, 1, "addressSpace", UINT32_MAX));
    return to_value(info.Env(), kvm::read_guest_mapping(process(), fd_argument(info, 0, "vmFd"), address_space,
                                                        page_argument(info, 2, "firstGfn"),
                                                        page_argument(info, 3, "endGfn"),
                                                        flag_argument(info, 4, "withAccessed")));
}

Napi::Value VmmProcess::read_large_page_obstacles(const Napi::CallbackInfo& info) {
    const auto address_space = static_cast<std::uint32_t>(integer_argument(info, 1, "addressSpace", UINT32_MAX));
    return to_value(info.Env(), kvm::read_large_page_obstacles(process(), fd_argument(info, 0, "vmFd"), address_space,
                                                               page_argument(info, 2, "firstGfn"),
                                                               page_argument(info, 3, "endGfn")));
}

Napi::Value VmmProcess::read_dirty_pages(const Napi::CallbackInfo& info) {
    const auto address_space = static_cast<std::uint32_t>(integer_argument(info, 1, "addressSpace", UINT32_MAX));
    return to_value(info.Env(), kvm::read_dirty_pages(process(), fd_argument(info, 0, "vmFd"), address_space,
                                                      page_argument(info, 2, "firstGfn"),
                                                      page_argument(info, 3, "endGfn")));
}

Napi::Value VmmProcess::read_stamps(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::read_stamps(process(), fd_argument(info, 0, "vmFd")));
}

Napi::Value VmmProcess::read_kvm_memory(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::read_kvm_memory(process(), fd_argument(info, 0, "vmFd")));
}

Napi::Value VmmProcess::read_vcpu_state(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::read_vcpu_state(process(), fd_argument(info, 0, "fd")));
}

Napi::Value VmmProcess::read_guest_memfd(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::read_guest_memfd(process(), fd_argument(info, 0, "fd")));
}

Napi::Value VmmProcess::read_guest_memfd_pages(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::read_guest_memfd_pages(process(), fd_argument(info, 0, "fd"),
                                                            page_argument(info, 1, "first"),
                                                            page_argument(info, 2, "end")));
}

Napi::Value VmmProcess::read_guest_memfd_attributes(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::read_guest_memfd_attributes(process(), fd_argument(info, 0, "fd"),
                                                                 page_argument(info, 1, "first"),
                                                                 page_argument(info, 2, "end")));
}

Napi::Value VmmProcess::find_guest_memfd_frame(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::find_guest_memfd_frame(process(), fd_argument(info, 0, "fd"), page_argument(info, 1, "frame"),
                                                            page_argument(info, 2, "first"),
                                                            page_argument(info, 3, "end")));
}

Napi::Value VmmProcess::read_folio_references(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::read_folio_references(process(), fd_argument(info, 0, "fd"),
                                                           page_argument(info, 1, "page")));
}

Napi::Value VmmProcess::read_mapped_file_pages(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::read_mapped_file_pages(process(), bigint_argument(info, 0, "hva"),
                                                            page_argument(info, 1, "first"),
                                                            page_argument(info, 2, "end")));
}

Napi::Value VmmProcess::scan_pagemap(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), proc::scan_pagemap(process(), bigint_argument(info, 0, "start"),
                                                   bigint_argument(info, 1, "end")));
}

Napi::Value VmmProcess::read_memory(const Napi::CallbackInfo& info) {
    const std::uint64_t hva = bigint_argument(info, 0, "hva");
    Napi::Uint8Array into = bytes_argument(info, 1, "into");
    return count_or_none(info.Env(), proc::read_memory(process(), hva, into.Data(), into.ByteLength()));
}

Napi::Value VmmProcess::read_mapped_file(const Napi::CallbackInfo& info) {
    const std::uint64_t hva = bigint_argument(info, 0, "hva");
    Napi::Uint8Array into = bytes_argument(info, 1, "into");
    return count_or_none(info.Env(), proc::read_mapped_file(process(), hva, into.Data(), into.ByteLength()));
}

Napi::Value VmmProcess::read_guest_memfd_bytes(const Napi::CallbackInfo& info) {
    const std::uint32_t fd = fd_argument(info, 0, "fd");
    const std::uint64_t offset = bigint_argument(info, 1, "offset");
    Napi::Uint8Array into = bytes_argument(info, 2, "into");
    return count_or_none(info.Env(),
                         kvm::read_guest_memfd_bytes(process(), fd, offset, into.Data(), into.ByteLength()));
}

kvm::InjectionTarget VmmProcess::injection_target(const Napi::CallbackInfo& info) const {
    const std::uint32_t fd = fd_argument(info, 0, "vmFd");
    const auto vm = static_cast<kvm::VmIdentity>(integer_argument(info, 1, "vm", UINT32_MAX));
    kvm::InjectionTarget target{};
    target.pid = process().pid();
    target.pidfd = process().pidfd();
    target.vm_fd = static_cast<int>(fd);
    for (const kvm::KvmFile& file : kvm::list_kvm_files(process()))
        if (file.kind == kvm::KvmFileKind::vcpu && file.tid != 0)
            target.vcpu_threads.insert(static_cast<pid_t>(file.tid));
    target.may_suspend_seccomp = may_suspend_seccomp_;
    target.is_same_vm = [this, fd, vm] { return kvm::identify_vm(process(), fd) == vm; };
    return target;
}

Napi::Value VmmProcess::lock_changes(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), process().try_lock());
}

Napi::Value VmmProcess::permit_seccomp_suspension(const Napi::CallbackInfo& info) {
    may_suspend_seccomp_ = true;
    return info.Env().Undefined();
}

Napi::Value VmmProcess::seccomp_suspensions(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), seccomp_suspensions_);
}

Napi::Value VmmProcess::told(Napi::Env env, const inject::Outcome& outcome) {
    const auto* returned = std::get_if<inject::Returned>(&outcome);
    if (returned != nullptr && returned->seccomp_suspended) seccomp_suspensions_++;
    return to_value(env, outcome);
}

Napi::Value VmmProcess::check_injection(const Napi::CallbackInfo& info) {
    const auto thread = static_cast<pid_t>(integer_argument(info, 2, "thread", INT32_MAX));
    return to_value(info.Env(), kvm::check_injection(injection_target(info), thread));
}

Napi::Value VmmProcess::set_memory_attributes(const Napi::CallbackInfo& info) {
    const kvm::AttributePiece piece{bigint_argument(info, 2, "gpa"), bigint_argument(info, 3, "size"),
                                    integer_argument(info, 4, "attributes", UINT32_MAX)};
    return told(info.Env(), kvm::set_memory_attributes(injection_target(info), piece));
}

Napi::Value VmmProcess::set_dirty_logging(const Napi::CallbackInfo& info) {
    const kvm::LoggedMemslot memslot{static_cast<std::uint16_t>(integer_argument(info, 2, "addressSpace", UINT16_MAX)),
                                     static_cast<std::uint16_t>(integer_argument(info, 3, "id", UINT16_MAX)),
                                     static_cast<std::uint32_t>(integer_argument(info, 4, "flags", UINT32_MAX)),
                                     bigint_argument(info, 5, "gpa"),
                                     bigint_argument(info, 6, "size"),
                                     bigint_argument(info, 7, "hva")};
    return told(info.Env(),
                kvm::set_dirty_logging(process(), injection_target(info), memslot, flag_argument(info, 8, "on")));
}

Napi::Value VmmProcess::pre_fault(const Napi::CallbackInfo& info) {
    const kvm::PreFaultPiece piece{static_cast<int>(fd_argument(info, 2, "vcpuFd")),
                                   static_cast<pid_t>(integer_argument(info, 3, "thread", INT32_MAX)),
                                   bigint_argument(info, 4, "gpa"), bigint_argument(info, 5, "size")};
    return told(info.Env(), kvm::pre_fault(process(), injection_target(info), piece));
}

Napi::Value VmmProcess::change_allocation(const Napi::CallbackInfo& info) {
    const bool allocate = flag_argument(info, 2, "allocate");
    const std::optional<int> error = kvm::change_allocation(
        process(), fd_argument(info, 0, "fd"), page_argument(info, 1, "inode"),
        allocate ? kvm::Allocation::allocate : kvm::Allocation::punch_hole, bigint_argument(info, 3, "offset"),
        bigint_argument(info, 4, "size"));
    if (!error) return Napi::String::New(info.Env(), "gone");
    return *error == 0 ? info.Env().Null() : Napi::Value(Napi::String::New(info.Env(), errno_name(*error)));
}

Napi::Value VmmProcess::takes_conversions(const Napi::CallbackInfo& info) {
    const std::optional<bool> takes =
        kvm::takes_conversions(process(), fd_argument(info, 0, "fd"), page_argument(info, 1, "inode"));
    return takes ? Napi::Boolean::New(info.Env(), *takes) : info.Env().Null();
}

Napi::Value VmmProcess::convert_guest_memfd(const Napi::CallbackInfo& info) {
    return to_value(info.Env(), kvm::convert_guest_memfd(process(), fd_argument(info, 0, "fd"),
                                                         page_argument(info, 1, "inode"),
                                                         bigint_argument(info, 2, "offset"),
                                                         bigint_argument(info, 3, "size"),
                                                         integer_argument(info, 4, "attributes", UINT32_MAX)));
}

Napi::Value VmmProcess::write_memory(const Napi::CallbackInfo& info) {
    const std::uint64_t hva = bigint_argument(info, 0, "hva");
    const Napi::Uint8Array from = bytes_argument(info, 1, "from");
    return count_or_none(info.Env(), proc::write_memory(process(), hva, from.Data(), from.ByteLength()));
}

}  // namespace guestmem::binding
