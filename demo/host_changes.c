/* Changes to the VMM's own mapping of guest memory, as a balloon, a debugger or live migration would make them. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "demo.h"

/* As for a device's DMA, until the VMM ends: io_uring pins the buffers that it is to read and write. */
static int pin(void *hva, uint64_t size)
{
    uint64_t parameters[15] = {0}; /* struct io_uring_params */
    struct iovec buffer = {hva, size};
    int ring = (int)syscall(SYS_io_uring_setup, 1, parameters);

    return ring < 0 ? -1 : (int)syscall(SYS_io_uring_register, ring, 0 /* IORING_REGISTER_BUFFERS */, &buffer, 1);
}

int change_host_memory(const struct vm *vm, uint64_t gpa, uint64_t size, const char *change)
{
    const struct memslot *slot = NULL;
    int result;

    for (uint32_t i = 0; i < vm->memslot_count; i++)
        if (gpa >= vm->memslots[i].gpa && gpa < vm->memslots[i].gpa + vm->memslots[i].size)
            slot = &vm->memslots[i];
    if (!slot || size > slot->gpa + slot->size - gpa)
        return ENOENT;
    uint8_t *hva = (uint8_t *)slot->hva + (gpa - slot->gpa);
    if (!strcmp(change, "drop"))
        result = madvise(hva, size, MADV_DONTNEED);
    else if (!strcmp(change, "touch"))
        result = madvise(hva, size, MADV_POPULATE_READ);
    else if (!strcmp(change, "page-out"))
        result = madvise(hva, size, MADV_PAGEOUT);
    else if (!strcmp(change, "protect"))
        result = mprotect(hva, size, PROT_READ);
    else if (!strcmp(change, "permit"))
        result = mprotect(hva, size, PROT_READ | PROT_WRITE);
    else if (!strcmp(change, "pin"))
        result = pin(hva, size);
    else
        return EINVAL;
    return result ? errno : 0;
}
