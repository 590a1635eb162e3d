/* What the VMM says about itself and about its guest: one line of JSON each, addresses and sizes as hex strings. */
#include <stdio.h>
#include <unistd.h>

#include "demo.h"

static void print_flags(uint64_t flags, const char *const names[], size_t count)
{
    const char *separator = "";

    printf("\"flags\":[");
    for (size_t bit = 0; bit < count; bit++)
        if (flags & 1ull << bit) {
            printf("%s\"%s\"", separator, names[bit]);
            separator = ",";
        }
    printf("]");
}

static void print_range(const char *name, struct range range)
{
    if (range.end > range.start)
        printf(",\"%s\":{\"gpa\":\"0x%llx\",\"size\":\"0x%llx\"}", name, (ull)range.start, (ull)(range.end - range.start));
    else
        printf(",\"%s\":null", name);
}

static void print_memslot(const struct memslot *slot)
{
    static const char *const flag_names[] = {"log-dirty-pages", "readonly", "guest-memfd"};

    printf("{\"id\":%u,\"gpa\":\"0x%llx\",\"size\":\"0x%llx\",\"hva\":\"0x%llx\",\"kind\":\"%s\",", slot->id,
           (ull)slot->gpa, (ull)slot->size, (ull)(uintptr_t)slot->hva, slot->kind);
    print_flags(slot->flags, flag_names, 3);
    if (slot->gmem_fd < 0)
        printf(",\"guestMemfd\":null");
    else
        printf(",\"guestMemfd\":{\"fd\":%d,\"offset\":\"0x%llx\"}", slot->gmem_fd, (ull)slot->gmem_offset);
    print_range("touched", slot->touched);
    print_range("cached", slot->cached);
    printf("}");
}

void print_vms(const struct vm *vm, const struct options *options, const int *other_vms, int holder)
{
    static const char *const flag_names[] = {"mmap", "init-shared"};

    printf("{\"pid\":%d,\"vmFd\":%d,\"type\":\"%s\",\"vcpus\":%u", getpid(), vm->fd,
           options->sw_protected ? "sw-protected" : "default", options->vcpus);
    print_range("sweep", vm->sweep);
    printf(",\"memslots\":[");
    for (uint32_t i = 0; i < vm->memslot_count; i++) {
        printf("%s", i ? "," : "");
        print_memslot(&vm->memslots[i]);
    }
    printf("],\"guestMemfds\":[");
    for (uint32_t i = 0; i < vm->guest_memfd_count; i++) {
        const struct guest_memfd *gmem = &vm->guest_memfds[i];

        printf("%s{\"fd\":%d,\"size\":\"0x%llx\",", i ? "," : "", gmem->fd, (ull)gmem->size);
        print_flags(gmem->flags, flag_names, 2);
        printf("}");
    }
    printf("],\"otherVmFds\":[");
    for (uint32_t i = 0; i + 1 < options->vms; i++)
        printf("%s%d", i ? "," : "", other_vms[i]);
    if (holder)
        printf("],\"holder\":%d}\n", holder);
    else
        printf("],\"holder\":null}\n");
}

void print_access(const struct access *access)
{
    if (access->outcome == ACCESS_MEMORY_FAULT)
        printf("{\"gpa\":\"0x%llx\",\"exit\":\"memory-fault\",\"faultGpa\":\"0x%llx\"}\n", (ull)access->gpa,
               (ull)access->fault_gpa);
    else if (access->outcome == ACCESS_SHUTDOWN || access->outcome == ACCESS_EFAULT)
        printf("{\"gpa\":\"0x%llx\",\"exit\":\"%s\"}\n", (ull)access->gpa,
               access->outcome == ACCESS_SHUTDOWN ? "shutdown" : "efault");
    else
        printf("{\"gpa\":\"0x%llx\",\"value\":%u%s}\n", (ull)access->gpa, access->value,
               access->outcome == ACCESS_MMIO ? ",\"exit\":\"mmio\"" : "");
}
