/* The dirty log of a memslot, as the VMM gets it: KVM clears it and protects the pages against writing again. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "demo.h"

#define WORD_BITS 64

static bool is_dirty(const uint64_t *bitmap, uint64_t page)
{
    return bitmap[page / WORD_BITS] >> page % WORD_BITS & 1;
}

static void print_dirty_ranges(const struct memslot *slot, const uint64_t *bitmap)
{
    const uint64_t pages = slot->size / 4096;
    const char *separator = "";

    printf("{\"dirty\":[");
    for (uint64_t page = 0, end; page < pages; page = end) {
        bool dirty = is_dirty(bitmap, page);

        for (end = page + 1; end < pages && is_dirty(bitmap, end) == dirty;)
            end++;
        if (!dirty)
            continue;
        printf("%s{\"gpa\":\"0x%llx\",\"size\":\"0x%llx\"}", separator, (ull)(slot->gpa + page * 4096),
               (ull)(end - page) * 4096);
        separator = ",";
    }
    printf("]}\n");
}

bool print_and_clear_dirty_log(const struct vm *vm, uint64_t slot_id)
{
    const struct memslot *slot = slot_id < vm->memslot_count ? &vm->memslots[slot_id] : NULL;

    if (!slot || !(slot->flags & KVM_MEM_LOG_DIRTY_PAGES))
        return false;
    uint64_t *bitmap = calloc(slot->size / 4096 / WORD_BITS + 1, sizeof(*bitmap));
    struct kvm_dirty_log log = {.slot = slot->id, .dirty_bitmap = bitmap};

    if (!bitmap)
        die("calloc");
    check(ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log), "KVM_GET_DIRTY_LOG");
    print_dirty_ranges(slot, bitmap);
    free(bitmap);
    return true;
}
