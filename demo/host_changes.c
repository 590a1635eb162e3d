/* Changes to the VMM's own mapping of guest memory, as a balloon, a debugger or live migration would make them. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "demo.h"

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
    else
        return EINVAL;
    return result ? errno : 0;
}
