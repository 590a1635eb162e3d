/* Calls whose arguments are given as they are, so that KVM may refuse them; those it takes change the VM. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "demo.h"

#define HEX " %" SCNx64

int call_set_memslot(const struct vm *vm, const char *words)
{
    uint64_t slot, flags, gpa, size, hva, fd, offset;
    int count = sscanf(words, HEX HEX HEX HEX HEX HEX HEX, &slot, &flags, &gpa, &size, &hva, &fd, &offset);
    struct kvm_userspace_memory_region2 region = {
        .slot = (uint32_t)slot,
        .flags = (uint32_t)flags,
        .guest_phys_addr = gpa,
        .memory_size = size,
        .userspace_addr = hva,
    };

    if (count == 7) {
        region.guest_memfd = (uint32_t)fd;
        region.guest_memfd_offset = offset;
    } else if (count != 5) {
        return EINVAL;
    }
    return ioctl(vm->fd, count == 7 ? KVM_SET_USER_MEMORY_REGION2 : KVM_SET_USER_MEMORY_REGION, &region) < 0 ? errno : 0;
}

int call_create_guest_memfd(const struct vm *vm, uint64_t size, uint64_t flags)
{
    struct kvm_create_guest_memfd create = {.size = size, .flags = flags};
    int fd = ioctl(vm->fd, KVM_CREATE_GUEST_MEMFD, &create);

    return fd < 0 ? -errno : fd;
}
