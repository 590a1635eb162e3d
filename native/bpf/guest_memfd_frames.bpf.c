// SPDX-License-Identifier: Dual MIT/GPL
/*
 * Where a guest_memfd has a physical page. Its page cache points to folios, which are their first struct page in the
 * kernel's one array of them: so the frame's struct page is compared, and no number is made of a pointer here.
 */
#include "folio.h"
#include "guest_memfd_frames.bpf.h"
#include "kernel_types.h"
#include "kvm_file.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct guest_memfd_frames_state state;

/* No folio is larger than 1 GiB. */
#define LARGEST_ORDER 18

static __always_inline __u64 value_of_entry(__u64 entry)
{
    __u64 distance = state.page - entry;
    __u64 size = state.page_struct_size;
    if (entry & 3 || distance >= size << LARGEST_ORDER)
        return 0;
    __u64 order = order_value(entry, folio_flags(entry)) >> PAGE_ORDER_SHIFT;
    if (order > LARGEST_ORDER)
        order = 0;
    return distance < size << order ? order + 1 : 0;
}

#include "xarray_runs.h"

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct file *file = process_file(context);
    if (!file || context->fd != state.wanted)
        return 0;
    void *root = BPF_CORE_READ(file, f_inode, i_mapping, i_pages.xa_head);
    state.page_struct_size = bpf_core_type_size(struct page);
    if (!state.page) {
        state.found = 1;
        state.folio = (__u64)root & 3 ? 0 : (__u64)root;
    } else if (is_released_by(file, &kvm_gmem_release)) {
        state.found = 1;
        walk_xarray(root);
    }
    return 0;
}
