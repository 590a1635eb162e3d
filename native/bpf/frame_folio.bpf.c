// SPDX-License-Identifier: Dual MIT/GPL
/*
 * What the folio of a physical page tells: references, mappings and pins. No reference is taken, so the folio may be split
 * or freed meanwhile: the page must say before and after that it belongs to it. Where there is no struct page, all reads 0.
 */
#include "folio.h"
#include "frame_folio.bpf.h"
#include "kernel_types.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, FRAME_FOLIO_RECORDS);
    __type(key, __u32);
    __type(value, struct frame_folio_record);
} records SEC(".maps");

struct frame_folio_state state;

/* The one that `page` belongs to, or `page` itself: bit 0 marks a tail page. */
static __always_inline __u64 folio_of(__u64 page)
{
    __u64 head = load_word(page + bpf_core_field_offset(struct page, compound_head));
    return head & 1 ? head - 1 : page;
}

static __always_inline __u32 load_count(__u64 address)
{
    return (__u32)load_word(address);
}

/* The kernel counts mappings from -1; of a page that cannot be mapped the field is something else's, and negative. */
static __always_inline __u32 mappings_of(__u32 count)
{
    return (__s32)count < 0 ? 0 : count + 1;
}

static __always_inline bool read_folio(__u64 folio, struct frame_folio_record *record)
{
    __u64 flags = folio_flags(folio);
    record->references = load_count(folio + bpf_core_field_offset(struct folio___count, _refcount));
    record->order = order_value(folio, flags) >> PAGE_ORDER_SHIFT;
    record->mappings = COUNT_UNKNOWN;
    record->pins = COUNT_UNKNOWN;
    if (record->order == 0) {
        record->mappings = mappings_of(load_count(folio + bpf_core_field_offset(struct page, _mapcount)));
    } else {
        if (bpf_core_field_exists(((struct folio___mappings *)0)->_large_mapcount))
            record->mappings = mappings_of(load_count(folio + bpf_core_field_offset(struct folio___mappings, _large_mapcount)));
        if (bpf_core_field_exists(((struct folio___pins *)0)->_pincount))
            record->pins = load_count(folio + bpf_core_field_offset(struct folio___pins, _pincount));
    }
    return (__s32)record->references > 0 && record->order < PAGE_ORDER_UNKNOWN;
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    __u32 first = 0;
    struct frame_folio_record *record = bpf_map_lookup_elem(&records, &first);
    if (!record || state.looked || !bpf_core_field_exists(((struct page *)0)->compound_head) ||
        !bpf_core_field_exists(((struct page *)0)->_mapcount) ||
        !bpf_core_field_exists(((struct folio___count *)0)->_refcount))
        return 0;
    state.looked = 1;
    __u64 folio = folio_of(state.page);
    state.found = read_folio(folio, record) && folio_of(state.page) == folio;
    return 0;
}
