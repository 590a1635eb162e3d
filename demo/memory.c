/*
 * The VM's memslots, one of every kind, with holes between them. Each has pages that nobody ever touches; `touched` are
 * the pages that the guest (or the VMM before it) uses, `cached` those that exist only in the page cache of the memfd
 * or guest_memfd behind the slot.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "demo.h"

#define PAGE 4096ull
#define KIB 1024ull
#define MIB (1ull << 20)
#define GIB (1ull << 30)

static void *map(uint64_t size, int flags, int fd, uint64_t offset)
{
    void *address = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, fd, (off_t)offset);

    if (address == MAP_FAILED)
        die("mmap of guest memory");
    return address;
}

/* Without huge pages, so that touching one page makes one page present. */
static void *map_anonymous(uint64_t size)
{
    void *address = map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    madvise(address, size, MADV_NOHUGEPAGE); /* fails only where the kernel has no huge pages */
    return address;
}

static int create_guest_memfd(struct vm *vm, uint64_t size, uint64_t flags)
{
    struct kvm_create_guest_memfd create = {.size = size, .flags = flags};
    int fd = check(ioctl(vm->fd, KVM_CREATE_GUEST_MEMFD, &create), "KVM_CREATE_GUEST_MEMFD");

    vm->guest_memfds[vm->guest_memfd_count++] = (struct guest_memfd){fd, size, flags};
    return fd;
}

static void allocate(int fd, uint64_t offset, uint64_t size)
{
    check(fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size), "fallocate of a guest_memfd");
}

static void allocate_alternating(int fd, uint64_t size)
{
    for (uint64_t offset = 0; offset < size; offset += 2 * PAGE)
        allocate(fd, offset, PAGE);
}

static struct range pages(const struct memslot *slot, uint64_t first, uint64_t count)
{
    return (struct range){slot->gpa + first * PAGE, slot->gpa + (first + count) * PAGE};
}

static void add_conventional_memory(struct vm *vm)
{
    struct memslot *slot = add_memslot(vm, "anonymous", 0, 64 * KIB, map_anonymous(64 * KIB), 0);
    slot->touched = (struct range){PML4_GPA, CODE_GPA + PAGE};

    int memfd = check(memfd_create("guest-ram", MFD_CLOEXEC), "memfd_create");
    check(ftruncate(memfd, 256 * KIB), "ftruncate of the memfd");
    slot = add_memslot(vm, "memfd", 0x100000, 256 * KIB, map(256 * KIB, MAP_SHARED, memfd, 0), 0);
    slot->touched = pages(slot, 0, 8);
    /* Far from the touched pages: a read fault also maps what the file holds in the 64 KiB around it. */
    slot->cached = pages(slot, 40, 8);
    for (off_t page = 40; page < 48; page++)
        check((int)pwrite(memfd, "cached", 6, page * (off_t)PAGE), "pwrite to the memfd");

    slot = add_memslot(vm, "read-only", 0x200000, 64 * KIB, map_anonymous(64 * KIB), KVM_MEM_READONLY);
    slot->touched = pages(slot, 0, 4);
    memset(slot->hva, 0xf0, 4 * PAGE);

    slot = add_memslot(vm, "dirty-logged", 0x300000, 256 * KIB, map_anonymous(256 * KIB), KVM_MEM_LOG_DIRTY_PAGES);
    slot->touched = pages(slot, 8, 8);
}

/*
 * Two slots share one guest_memfd, another guest_memfd has no slot. A default VM's guest_memfd can be mapped, and the
 * HVAs are such mappings: both sides of a slot are the same pages, wherever KVM looks for them. In a sw-protected VM
 * they are different pages; it starts with the first slot private.
 */
static void add_guest_memfds(struct vm *vm, uint64_t flags)
{
    const uint64_t size = 128 * KIB, second = 256 * KIB;
    int fd = create_guest_memfd(vm, 512 * KIB, flags);
    bool can_map = flags & GUEST_MEMFD_FLAG_MMAP;
    struct memslot *slot;

    slot = add_gmem_memslot(vm, 0x400000, size, can_map ? map(size, MAP_SHARED, fd, 0) : map_anonymous(size), fd, 0);
    slot->touched = pages(slot, 0, 8);
    slot->cached = pages(slot, 16, 4);
    allocate(fd, 16 * PAGE, 4 * PAGE);
    if (!can_map)
        check(-set_attribute(vm, slot->gpa, size, true), "KVM_SET_MEMORY_ATTRIBUTES");

    slot = add_gmem_memslot(vm, 0x500000, size, can_map ? map(size, MAP_SHARED, fd, second) : map_anonymous(size), fd, second);
    slot->touched = pages(slot, 4, 4);

    allocate(create_guest_memfd(vm, 1024 * KIB, flags), 0, 16 * PAGE);
}

static uint64_t round_up(uint64_t value, uint64_t step)
{
    return (value + step - 1) / step * step;
}

/*
 * Whole large pages, so that nothing but what was asked for keeps KVM from mapping it by such: hugetlb pages, or those
 * of 2 MiB that the kernel finds when it is populated.
 */
static uint8_t *map_large_memory(const struct options *options)
{
    const uint64_t offset = options->misalign ? PAGE : 0, step = options->hugetlb ? options->hugetlb : 2 * MIB;
    const uint64_t size = round_up(options->memory + offset, step);
    uint8_t *address;

    if (options->hugetlb) {
        int log = __builtin_ctzll(step);

        address = map(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | log << MAP_HUGE_SHIFT, -1, 0);
    } else {
        address = (uint8_t *)round_up((uintptr_t)map_anonymous(size + step), step);
    }
    if (options->populate) {
        madvise(address, size, MADV_HUGEPAGE);
        check(madvise(address, size, MADV_POPULATE_WRITE), "MADV_POPULATE_WRITE");
    }
    return address + offset;
}

/* Kernels whose guest_memfds serve private memory alone let every VM create one, though no memslot may use it. */
static void add_useless_guest_memfd(struct vm *vm)
{
    struct kvm_create_guest_memfd create = {.size = 1024 * KIB};
    int fd = ioctl(vm->fd, KVM_CREATE_GUEST_MEMFD, &create);

    if (fd < 0)
        return;
    vm->guest_memfds[vm->guest_memfd_count++] = (struct guest_memfd){fd, create.size, create.flags};
    allocate(fd, 0, 16 * PAGE);
}

/* The large slot is at 4 GiB; the guest of a sw-protected VM converts its first 4 MiB. Returns the first free GPA. */
static uint64_t add_large_memory(struct vm *vm, const struct options *options, uint64_t gmem_flags)
{
    const uint64_t gpa = 4 * GIB, size = options->memory;
    void *hva = map_large_memory(options);
    struct memslot *slot;

    if (options->sw_protected) {
        slot = add_gmem_memslot(vm, gpa, size, hva, create_guest_memfd(vm, size, gmem_flags), 0);
        vm->sweep = (struct range){gpa, gpa + (size < 4096 * KIB ? size : 4096 * KIB)};
    } else {
        slot = add_memslot(vm, options->hugetlb ? "hugetlb" : "anonymous", gpa, size, hva, 0);
    }
    slot->touched = pages(slot, 0, 1);
    return gpa + size;
}

/* A slot that a guest_memfd alone backs: nobody touches what is mapped at its HVA. */
static uint64_t add_pure_guest_memfd(struct vm *vm, const struct options *options, uint64_t gpa, uint64_t flags)
{
    const uint64_t size = options->gmem;
    int fd = create_guest_memfd(vm, size, flags);
    struct memslot *slot = add_gmem_memslot(vm, gpa, size, map_anonymous(size), fd, 0);

    if (options->populate && options->alternate) {
        allocate_alternating(fd, size);
    } else if (options->populate) {
        allocate(fd, 0, size);
        slot->cached = (struct range){gpa, gpa + size};
    }
    return gpa + size;
}

/* Every slot is followed by a hole of its own size; the guest touches the first page of the first one. */
static void add_small_memslots(struct vm *vm, const struct options *options, uint64_t gpa)
{
    uint8_t *hva = map_anonymous(options->slots * options->slot_size);

    for (uint32_t i = 0; i < options->slots; i++) {
        uint64_t offset = i * options->slot_size;
        struct memslot *slot = add_memslot(vm, "anonymous", gpa + 2 * offset, options->slot_size, hva + offset, 0);

        if (i == 0)
            slot->touched = pages(slot, 0, 1);
    }
}

void add_memory(struct vm *vm, const struct options *options)
{
    const int shareable = GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED;
    bool has_gmem = ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_MEMFD) > 0;
    uint64_t gmem_flags = 0, gpa;

    /* A VM without private memory can use a guest_memfd only if that is shared, which older kernels do not know. */
    if (!options->sw_protected) {
        has_gmem &= (ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_MEMFD_FLAGS) & shareable) == shareable;
        gmem_flags = shareable;
    }
    vm->memslots = calloc(options->slots + HOST_MEMORY_SLOTS + 8, sizeof(*vm->memslots));
    if (!vm->memslots)
        die("calloc");
    add_conventional_memory(vm);
    if (has_gmem)
        add_guest_memfds(vm, gmem_flags);
    else
        add_useless_guest_memfd(vm);
    gpa = (add_large_memory(vm, options, gmem_flags) + GIB) & -GIB;
    if (has_gmem && options->gmem)
        gpa = (add_pure_guest_memfd(vm, options, gpa, gmem_flags) + GIB) & -GIB;
    if (options->kinds) {
        add_host_memory(vm, gpa);
        gpa += GIB;
    }
    if (options->slots)
        add_small_memslots(vm, options, gpa);
}
