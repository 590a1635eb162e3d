#include "skeletons.h"

#include "define_skeleton.h"
#include "attributes.bpf.h"
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
#include "recorder.bpf.h"
#include "stamps.bpf.h"
#include "vcpu_state.bpf.h"

#include "generated/attributes.lskel.h"
#include "generated/dirty_pages.lskel.h"
#include "generated/frame_folio.lskel.h"
#include "generated/guest_mapping.lskel.h"
#include "generated/guest_memfd.lskel.h"
#include "generated/guest_memfd_attributes.lskel.h"
#include "generated/guest_memfd_frames.lskel.h"
#include "generated/guest_memfd_pages.lskel.h"
#include "generated/guest_memfd_references.lskel.h"
#include "generated/kvm_files.lskel.h"
#include "generated/kvm_mappings.lskel.h"
#include "generated/kvm_memory.lskel.h"
#include "generated/large_page_obstacles.lskel.h"
#include "generated/mapped_file_pages.lskel.h"
#include "generated/memslots.lskel.h"
#include "generated/record_attributes.lskel.h"
#include "generated/record_calls.lskel.h"
#include "generated/record_faults.lskel.h"
#include "generated/record_guest_memfd_pages.lskel.h"
#include "generated/stamps.lskel.h"
#include "generated/vcpu_state.lskel.h"

DEFINE_SKELETON(kvm_files, struct kvm_files_record, KVM_FILE_RECORDS)
DEFINE_SKELETON(kvm_mappings, struct kvm_mapping_record, KVM_MAPPING_RECORDS)
DEFINE_SKELETON(kvm_memory, struct kvm_memory_record, KVM_MEMORY_RECORDS)
DEFINE_SKELETON(memslots, struct memslots_record, MEMSLOT_RECORDS)
DEFINE_SKELETON(attributes, struct run_record, RUN_RECORDS)
DEFINE_SKELETON(frame_folio, struct frame_folio_record, FRAME_FOLIO_RECORDS)
DEFINE_SKELETON(guest_mapping, struct run_record, RUN_RECORDS)
DEFINE_SKELETON(dirty_pages, struct run_record, RUN_RECORDS)
DEFINE_SKELETON(large_page_obstacles, struct run_record, RUN_RECORDS)
DEFINE_SKELETON(guest_memfd, struct run_record, RUN_RECORDS)
DEFINE_SKELETON(guest_memfd_attributes, struct run_record, RUN_RECORDS)
DEFINE_SKELETON(guest_memfd_frames, struct run_record, RUN_RECORDS)
DEFINE_SKELETON(guest_memfd_pages, struct run_record, RUN_RECORDS)
DEFINE_SKELETON(guest_memfd_references, struct run_record, RUN_RECORDS)
DEFINE_SKELETON(mapped_file_pages, struct run_record, RUN_RECORDS)
DEFINE_SKELETON(stamps, struct stamp_record, STAMP_RECORDS)
DEFINE_SKELETON(vcpu_state, struct vcpu_state_record, VCPU_STATE_RECORDS)

DEFINE_RECORDER(record_attributes, struct event_record)
DEFINE_RECORDER(record_calls, struct event_record)
DEFINE_RECORDER(record_faults, struct event_record)
DEFINE_RECORDER(record_guest_memfd_pages, struct event_record)
