#include "kvm/bpf_objects.h"

namespace guestmem::kvm {

BpfObjects& bpf_objects() {
    static BpfObjects objects;
    return objects;
}

void probe_bpf() {
    BpfObjects& objects = bpf_objects();
    for (bpf::UntypedObject* object : std::initializer_list<bpf::UntypedObject*>{
             &objects.kvm_files, &objects.kvm_mappings, &objects.kvm_memory, &objects.memslots, &objects.attributes,
             &objects.frame_folio, &objects.guest_mapping, &objects.dirty_pages, &objects.large_page_obstacles,
             &objects.guest_memfd, &objects.guest_memfd_attributes, &objects.guest_memfd_frames,
             &objects.guest_memfd_pages, &objects.guest_memfd_references, &objects.mapped_file_pages, &objects.stamps,
             &objects.vcpu_state}) {
        object->forget_failure();
        object->load();
    }
}

}  // namespace guestmem::kvm
