// Every BPF object of the addon, with the types of its state and records.
#pragma once

#include "attributes.bpf.h"
#include "bpf/object.h"
#include "frame_folio.bpf.h"
#include "guest_mapping.bpf.h"
#include "guest_memfd.bpf.h"
#include "guest_memfd_attributes.bpf.h"
#include "guest_memfd_frames.bpf.h"
#include "kvm_files.bpf.h"
#include "kvm_mappings.bpf.h"
#include "kvm_memory.bpf.h"
#include "memslot_runs.bpf.h"
#include "memslots.bpf.h"
#include "page_cache.bpf.h"
#include "stamps.bpf.h"
#include "vcpu_state.bpf.h"

namespace guestmem::kvm {

struct BpfObjects {
    bpf::Object<kvm_files_state, kvm_files_record> kvm_files{kvm_files_skeleton};
    bpf::Object<kvm_mappings_state, kvm_mapping_record> kvm_mappings{kvm_mappings_skeleton};
    bpf::Object<kvm_memory_state, kvm_memory_record> kvm_memory{kvm_memory_skeleton};
    bpf::Object<memslots_state, memslots_record> memslots{memslots_skeleton};
    bpf::Object<attributes_state, run_record> attributes{attributes_skeleton};
    bpf::Object<frame_folio_state, frame_folio_record> frame_folio{frame_folio_skeleton};
    bpf::Object<guest_mapping_state, run_record> guest_mapping{guest_mapping_skeleton};
    bpf::Object<memslot_runs_state, run_record> dirty_pages{dirty_pages_skeleton};
    bpf::Object<memslot_runs_state, run_record> large_page_obstacles{large_page_obstacles_skeleton};
    bpf::Object<guest_memfd_state, run_record> guest_memfd{guest_memfd_skeleton};
    bpf::Object<guest_memfd_attributes_state, run_record> guest_memfd_attributes{guest_memfd_attributes_skeleton};
    bpf::Object<guest_memfd_frames_state, run_record> guest_memfd_frames{guest_memfd_frames_skeleton};
    bpf::Object<page_cache_state, run_record> guest_memfd_pages{guest_memfd_pages_skeleton};
    bpf::Object<page_cache_state, run_record> guest_memfd_references{guest_memfd_references_skeleton};
    bpf::Object<page_cache_state, run_record> mapped_file_pages{mapped_file_pages_skeleton};
    bpf::Object<stamps_state, stamp_record> stamps{stamps_skeleton};
    bpf::Object<vcpu_state_request, vcpu_state_record> vcpu_state{vcpu_state_skeleton};
};

/** One of each: the addon is used by one thread. */
BpfObjects& bpf_objects();

/** Loads every object, those that failed before included; throws the first failure. */
void probe_bpf();

}  // namespace guestmem::kvm
