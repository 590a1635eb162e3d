// SPDX-License-Identifier: Dual MIT/GPL
/* A VM's own record and all its memslots, of every address space. */
#include "kernel_types.h"
#include "kvm_file.h"
#include "memslot_set.h"
#include "memslots.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, MEMSLOT_RECORDS);
    __type(key, __u32);
    __type(value, struct memslots_record);
} records SEC(".maps");

struct memslots_state state;

#define ID_BUCKETS (bpf_core_field_size(struct kvm_memslots, id_hash) / sizeof(struct hlist_head))
#define ADDRESS_SPACES_MAX 2

/* A walk that takes more steps than this runs in a circle, which a set that is being changed may hold. */
#define STEPS_MAX (MEMSLOT_RECORDS + 1024)

static __always_inline bool record_memslot(struct kvm_memory_slot *slot)
{
    __u32 index = state.count;
    struct memslots_record *record = bpf_map_lookup_elem(&records, &index);
    if (!record)
        return false;
    record->gfn = BPF_CORE_READ(slot, base_gfn);
    record->pages = BPF_CORE_READ(slot, npages);
    record->hva = BPF_CORE_READ(slot, userspace_addr);
    record->flags = BPF_CORE_READ(slot, flags);
    record->id = BPF_CORE_READ(slot, id);
    record->address_space = BPF_CORE_READ(slot, as_id);
    /* The record may be left from another VM. */
    record->has_gmem = 0;
    record->gmem_inode = 0;
    record->gmem_page = 0;
    if (bpf_core_field_exists(slot->gmem)) {
        /* Not a counted reference: NULL once the guest_memfd's last fd was closed. */
        struct file *file = BPF_CORE_READ(slot, gmem.file);
        if (file) {
            record->has_gmem = 1;
            record->gmem_inode = BPF_CORE_READ(file, f_inode, i_ino);
            record->gmem_page = BPF_CORE_READ(slot, gmem.pgoff);
        }
    }
    state.count = index + 1;
    return true;
}

/* One step per hash bucket or memslot, so that one flat loop walks the whole table. */
static long step(__u32 iteration, void *unused)
{
    if (!state.node) {
        if (state.bucket >= ID_BUCKETS)
            return 1;
        struct hlist_head *heads = (void *)state.set + bpf_core_field_offset(struct kvm_memslots, id_hash);
        bpf_probe_read_kernel(&state.node, sizeof(state.node), &heads[state.bucket]);
        state.bucket++;
        return 0;
    }
    struct hlist_node *node = (void *)state.node;
    if (!record_memslot((void *)node - state.node_offset))
        return 1;
    state.node = (__u64)BPF_CORE_READ(node, next);
    return 0;
}

/* True when the walk came to the set's end. */
static __always_inline bool walk_set(struct kvm_memslots *set)
{
    state.set = (__u64)set;
    state.node = 0;
    state.bucket = 0;
    state.node_offset = bpf_core_field_offset(struct kvm_memory_slot, id_node) +
                        (BPF_CORE_READ(set, node_idx) & 1) * sizeof(struct hlist_node);
    bpf_loop(STEPS_MAX, step, 0, 0);
    return !state.node && state.bucket >= ID_BUCKETS;
}

static __always_inline void read_vm(struct kvm *kvm, struct mm_struct *process_mm)
{
    fill_vm_key(&state.vm, kvm);
    state.owned_by_process = BPF_CORE_READ(kvm, mm) == process_mm;
    state.type = -1;
    if (bpf_core_field_exists(kvm->arch.vm_type))
        state.type = BPF_CORE_READ_BITFIELD_PROBED(kvm, arch.vm_type);
    state.has_private_memory = -1;
    if (bpf_core_field_exists(kvm->arch.has_private_mem))
        state.has_private_memory = BPF_CORE_READ(kvm, arch.has_private_mem);
    state.has_attribute_store = bpf_core_field_exists(kvm->mem_attr_array);
    state.address_spaces = ADDRESS_SPACES;
    state.vcpus = BPF_CORE_READ(kvm, online_vcpus.counter);
    state.disables_nx_huge_pages = 0;
    if (bpf_core_field_exists(kvm->arch.disable_nx_huge_pages))
        state.disables_nx_huge_pages = BPF_CORE_READ(kvm, arch.disable_nx_huge_pages);
    state.dirty_ring_size = 0;
    if (bpf_core_field_exists(kvm->dirty_ring_size))
        state.dirty_ring_size = BPF_CORE_READ(kvm, dirty_ring_size);
}

/*
 * Memslots are protected by SRCU, which a BPF program cannot take: a set that is replaced meanwhile may be freed and
 * rewritten under the walk. So the active sets and their generations are looked at before and after. Bit 63 of a
 * generation (update in progress) need not be clear: what counts is that nothing moved.
 */
static __always_inline void read_memslots(struct kvm *kvm)
{
    struct kvm_memslots *sets[ADDRESS_SPACES_MAX] = {};
    __u64 generations[ADDRESS_SPACES_MAX] = {};
    bool whole = true;

    state.count = 0;
#pragma unroll
    for (int i = 0; i < ADDRESS_SPACES_MAX; i++) {
        if (i >= ADDRESS_SPACES)
            break;
        sets[i] = active_set(kvm, i);
        generations[i] = BPF_CORE_READ(sets[i], generation);
    }
#pragma unroll
    for (int i = 0; i < ADDRESS_SPACES_MAX; i++) {
        if (i >= ADDRESS_SPACES)
            break;
        whole &= walk_set(sets[i]);
    }
#pragma unroll
    for (int i = 0; i < ADDRESS_SPACES_MAX; i++) {
        if (i >= ADDRESS_SPACES)
            break;
        whole &= active_set(kvm, i) == sets[i] && BPF_CORE_READ(sets[i], generation) == generations[i];
    }
    state.consistent = whole;
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *context)
{
    struct kvm *kvm = wanted_vm(context, state.wanted_fd);
    struct task_struct *task = context->task;
    if (!kvm || !task)
        return 0;
    state.found = 1;
    read_vm(kvm, task->mm);
    read_memslots(kvm);
    return 0;
}
