/*
 * Memslots of further kinds of host memory (--kinds): what a VMM may have behind a GPA besides anonymous memory and a
 * memfd, and mappings whose rights are fewer than the memslot's.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "demo.h"

#define PAGE 4096ull
#define SIZE (16 * PAGE)
#define HUGE_PAGE (2ull << 20)
#define STEP (16ull << 20) /* from one of these slots to the next */

static uint8_t *map(uint64_t size, int rights, int flags, int fd)
{
    void *address = mmap(NULL, size, rights, flags, fd, 0);

    if (address == MAP_FAILED)
        die("mmap of guest memory");
    return address;
}

static uint8_t *map_small_pages(void)
{
    uint8_t *hva = map(SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    madvise(hva, SIZE, MADV_NOHUGEPAGE); /* fails only where the kernel has no huge pages */
    return hva;
}

/* What the VMM only reads is the kernel's page of zeros. */
static uint8_t *map_zeros(void)
{
    volatile uint8_t *hva = map_small_pages();

    for (uint32_t page = 0; page < 8; page++)
        (void)hva[page * PAGE];
    return (uint8_t *)hva;
}

/* Four pages that may be written, four that may be read, four that the VMM may not use; all hold a page. */
static uint8_t *map_mixed_rights(void)
{
    uint8_t *hva = map_small_pages();

    memset(hva, 0x5a, 12 * PAGE);
    check(mprotect(hva + 4 * PAGE, 4 * PAGE, PROT_READ), "mprotect");
    check(mprotect(hva + 8 * PAGE, 4 * PAGE, PROT_NONE), "mprotect");
    return hva;
}

/* Far below everything else, so that the kernel puts no later mapping into the hole. */
static uint8_t *map_with_hole(void)
{
    uint8_t *hva = mmap((void *)(1ull << 40), SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (hva == MAP_FAILED)
        die("mmap of guest memory");
    madvise(hva, SIZE, MADV_NOHUGEPAGE);
    memset(hva, 0x5a, 12 * PAGE);
    check(munmap(hva + 4 * PAGE, 4 * PAGE), "munmap");
    return hva;
}

/* Aligned like its GPA, so that KVM can map the huge page whole. */
static uint8_t *map_huge(void)
{
    uint8_t *start = map(3 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    uint8_t *hva = (uint8_t *)(((uintptr_t)start + HUGE_PAGE - 1) & -HUGE_PAGE);

    madvise(hva, 2 * HUGE_PAGE, MADV_HUGEPAGE);
    *hva = 1;
    return hva;
}

static uint8_t *map_own_program(void)
{
    int fd = check(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), "open of its own program");
    uint8_t *hva = map(4 * PAGE, PROT_READ, MAP_PRIVATE, fd);

    close(fd);
    return hva;
}

void add_host_memory(struct vm *vm, uint64_t gpa)
{
    const int shared = MAP_SHARED | MAP_ANONYMOUS;
    struct memslot *slot;
    uint8_t *hugetlb;

    slot = add_memslot(vm, "file", gpa, 4 * PAGE, map_own_program(), KVM_MEM_READONLY);
    slot->touched = (struct range){gpa, gpa + 2 * PAGE};
    slot = add_memslot(vm, "shmem", gpa + STEP, SIZE, map(SIZE, PROT_READ | PROT_WRITE, shared, -1), 0);
    slot->touched = (struct range){gpa + STEP, gpa + STEP + 4 * PAGE};
    add_memslot(vm, "zero", gpa + 2 * STEP, SIZE, map_zeros(), 0);
    add_memslot(vm, "mixed-rights", gpa + 3 * STEP, SIZE, map_mixed_rights(), 0);
    add_memslot(vm, "hole", gpa + 4 * STEP, SIZE, map_with_hole(), 0);
    add_memslot(vm, "huge", gpa + 5 * STEP, 2 * HUGE_PAGE, map_huge(), 0);
    /* Only where the host has reserved huge pages. */
    hugetlb = mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, shared | MAP_HUGETLB, -1, 0);
    if (hugetlb == MAP_FAILED)
        return;
    *hugetlb = 1;
    add_memslot(vm, "hugetlb", gpa + 6 * STEP, 2 * HUGE_PAGE, hugetlb, 0);
}
