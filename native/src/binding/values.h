// Turns what was read into the JavaScript values that index.d.ts describes.
#pragma once

#include <napi.h>

#include <vector>

#include "inject/outcome.h"
#include "kvm/attributes.h"
#include "kvm/conversion_time.h"
#include "kvm/frame_folio.h"
#include "kvm/guest_mapping.h"
#include "kvm/guest_memfd.h"
#include "kvm/guest_memfd_frames.h"
#include "kvm/guest_memfd_conversion.h"
#include "kvm/kvm_files.h"
#include "kvm/kvm_mappings.h"
#include "kvm/memslot_runs.h"
#include "kvm/page_cache.h"
#include "kvm/kvm_memory.h"
#include "kvm/stamps.h"
#include "kvm/vcpu_state.h"
#include "kvm/vm.h"
#include "proc/pagemap.h"

namespace guestmem::binding {

Napi::Value to_value(Napi::Env env, const std::vector<kvm::KvmFile>& files);
Napi::Value to_value(Napi::Env env, const kvm::KvmMappingChunk& chunk);
Napi::Value to_value(Napi::Env env, const kvm::VmRecord& record);
Napi::Value to_value(Napi::Env env, const kvm::AttributeChunk& chunk);
Napi::Value to_value(Napi::Env env, const kvm::GuestMapping& mapping);
Napi::Value to_value(Napi::Env env, const kvm::MemslotRunsChunk& chunk);
Napi::Value to_value(Napi::Env env, const kvm::MemoryFault& fault);
Napi::Value to_value(Napi::Env env, const kvm::Stamps& stamps);
Napi::Value to_value(Napi::Env env, const kvm::KvmMemory& memory);
Napi::Value to_value(Napi::Env env, const kvm::VcpuState& vcpu);
Napi::Value to_value(Napi::Env env, const kvm::GuestMemfdRecord& record);
Napi::Value to_value(Napi::Env env, const kvm::PageCacheChunk& chunk);
Napi::Value to_value(Napi::Env env, const kvm::FrameFolio& folio);
Napi::Value to_value(Napi::Env env, const kvm::FolioReferences& folio);
Napi::Value to_value(Napi::Env env, const kvm::FrameSearch& search);
Napi::Value to_value(Napi::Env env, const kvm::ConversionAnswer& answer);
Napi::Value to_value(Napi::Env env, const kvm::ConversionTime& time);
Napi::Value to_value(Napi::Env env, const proc::PagemapChunk& chunk);
Napi::Value to_value(Napi::Env env, const inject::Refused& refused);
Napi::Value to_value(Napi::Env env, const inject::Outcome& outcome);

/** Null where there is nothing. */
template <typename T>
Napi::Value to_value(Napi::Env env, const std::optional<T>& value) {
    return value ? to_value(env, *value) : env.Null();
}

}  // namespace guestmem::binding
