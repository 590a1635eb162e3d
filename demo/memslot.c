/* The calls that give KVM a memslot, and the VMM's own list of them. */
#include <errno.h>
#include <sys/ioctl.h>

#include "demo.h"

static int tell_kvm(const struct vm *vm, const struct memslot *slot)
{
    struct kvm_userspace_memory_region2 region = {
        .slot = slot->id,
        .flags = slot->flags,
        .guest_phys_addr = slot->gpa,
        .memory_size = slot->size,
        .userspace_addr = (uintptr_t)slot->hva,
        .guest_memfd_offset = slot->gmem_offset,
        .guest_memfd = (uint32_t)slot->gmem_fd,
    };
    /* The older call, which every kernel has, takes the first fields of the same structure. */
    bool has_gmem = slot->flags & KVM_MEM_GUEST_MEMFD;

    return ioctl(vm->fd, has_gmem ? KVM_SET_USER_MEMORY_REGION2 : KVM_SET_USER_MEMORY_REGION, &region);
}

static struct memslot *set_memslot(struct vm *vm, struct memslot slot)
{
    slot.id = vm->memslot_count;
    check(tell_kvm(vm, &slot), slot.kind);
    vm->memslots[vm->memslot_count] = slot;
    return &vm->memslots[vm->memslot_count++];
}

int set_dirty_logging(struct vm *vm, uint64_t slot_id, bool on)
{
    if (slot_id >= vm->memslot_count)
        return EINVAL;
    struct memslot slot = vm->memslots[slot_id];

    slot.flags = on ? slot.flags | KVM_MEM_LOG_DIRTY_PAGES : slot.flags & ~KVM_MEM_LOG_DIRTY_PAGES;
    if (tell_kvm(vm, &slot) < 0)
        return errno;
    vm->memslots[slot_id] = slot;
    return 0;
}

struct memslot *add_memslot(struct vm *vm, const char *kind, uint64_t gpa, uint64_t size, void *hva, uint32_t flags)
{
    return set_memslot(vm, (struct memslot){.kind = kind, .gpa = gpa, .size = size, .hva = hva, .flags = flags, .gmem_fd = -1});
}

struct memslot *add_gmem_memslot(struct vm *vm, uint64_t gpa, uint64_t size, void *hva, int fd, uint64_t offset)
{
    return set_memslot(vm, (struct memslot){
        .kind = "guest_memfd",
        .gpa = gpa,
        .size = size,
        .hva = hva,
        .flags = KVM_MEM_GUEST_MEMFD,
        .gmem_fd = fd,
        .gmem_offset = offset,
    });
}
