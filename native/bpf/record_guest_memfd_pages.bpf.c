// SPDX-License-Identifier: Dual MIT/GPL
/* Pages that come into the VM's guest_memfds and leave them, whoever brings or takes them. */
#include "recorder.h"

#include <bpf/bpf_tracing.h>

#include "folio.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct folio___place {
    struct address_space *mapping;
    unsigned long index;
};

/* The open files of a guest_memfd are in a list: of its mapping, and since 7.3 of its inode. */
struct address_space___files {
    struct inode *host;
    struct list_head i_private_list;
};

struct gmem_inode___files {
    struct inode vfs_inode;
    struct list_head gmem_file_list;
};

struct gmem_file___listed {
    struct kvm *kvm;
    struct list_head entry;
};

struct kvm_gmem___listed {
    struct kvm *kvm;
    struct list_head entry;
};

#pragma clang attribute pop

static __always_inline struct list_head *first_file(struct address_space___files *mapping)
{
    if (bpf_core_field_exists(((struct gmem_inode___files *)0)->gmem_file_list)) {
        void *inode = BPF_CORE_READ(mapping, host);
        struct gmem_inode___files *guest_memfd = inode - bpf_core_field_offset(struct gmem_inode___files, vfs_inode);
        return BPF_CORE_READ(guest_memfd, gmem_file_list.next);
    }
    if (bpf_core_field_exists(((struct address_space___files *)0)->i_private_list))
        return BPF_CORE_READ(mapping, i_private_list.next);
    return 0;
}

/* The VM of a guest_memfd. Of any other file what is read is no VM, and so none that is recorded. */
static __always_inline struct kvm *vm_of_mapping(struct address_space___files *mapping)
{
    struct list_head *entry = first_file(mapping);
    if (bpf_core_type_exists(struct gmem_file)) {
        struct gmem_file___listed *file = (void *)entry - bpf_core_field_offset(struct gmem_file___listed, entry);
        return BPF_CORE_READ(file, kvm);
    }
    if (bpf_core_type_exists(struct kvm_gmem)) {
        struct kvm_gmem___listed *file = (void *)entry - bpf_core_field_offset(struct kvm_gmem___listed, entry);
        return BPF_CORE_READ(file, kvm);
    }
    return 0;
}

static __always_inline int record_folio(enum event_kind kind, struct folio *folio)
{
    struct folio___place *placed = (void *)folio;
    struct address_space___files *mapping = (void *)BPF_CORE_READ(placed, mapping);
    if (!is_recorded_vm(vm_of_mapping(mapping)))
        return 0;
    struct event_record *event = begin_event(kind);
    if (!event)
        return 0;
    __u64 order = order_value((__u64)folio, folio_flags((__u64)folio)) >> PAGE_ORDER_SHIFT;
    event->start = BPF_CORE_READ(placed, index) << 12;
    event->size = 4096ull << (order & 31);
    event->inode = BPF_CORE_READ(mapping, host, i_ino);
    put_event(event);
    return 0;
}

SEC("tp_btf/mm_filemap_add_to_page_cache")
int BPF_PROG(page_added, struct folio *folio)
{
    return record_folio(EVENT_PAGES_ADDED, folio);
}

SEC("tp_btf/mm_filemap_delete_from_page_cache")
int BPF_PROG(page_removed, struct folio *folio)
{
    return record_folio(EVENT_PAGES_REMOVED, folio);
}
