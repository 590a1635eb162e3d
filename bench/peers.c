/*
 * The machine's own numbers for the memory of another process: how long the kernel's interfaces take to say the same
 * thing once. Each is run several times and the fastest is printed, in milliseconds, as one line of JSON.
 *
 *   peers PID GUEST_MEMFD_FD HVA SIZE
 *
 * cachestat and mincore look at the guest_memfd, PAGEMAP_SCAN at [HVA, HVA + SIZE) of the process. A number is null
 * where this kernel or this guest_memfd does not offer the interface.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Newer than the headers of the oldest supported build machine. */
#define SYS_CACHESTAT 451
struct cachestat_range { uint64_t offset, length; };
struct cachestat_counts { uint64_t cache, dirty, writeback, evicted, recently_evicted; };

struct page_region { uint64_t start, end, categories; };
struct pagemap_scan_arguments {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PAGEMAP_SCAN_IOCTL _IOWR('f', 16, struct pagemap_scan_arguments)
#define PAGE_IS_PRESENT (1u << 3)
#define PAGE_IS_SWAPPED (1u << 4)

enum { REPEATS = 5, REGIONS = 65536 };

static double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int cachestat_once(int fd, size_t size) {
    struct cachestat_range range = {0, size};
    struct cachestat_counts counts;
    return syscall(SYS_CACHESTAT, fd, &range, &counts, 0) == 0;
}

static int mincore_once(int fd, size_t size) {
    void *mapping = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (mapping == MAP_FAILED) return 0;
    unsigned char *vector = malloc(size / 4096);
    int ok = vector != NULL && mincore(mapping, size, vector) == 0;
    free(vector);
    munmap(mapping, size);
    return ok;
}

static int pagemap_scan_once(int pagemap, uint64_t start, uint64_t size) {
    static struct page_region regions[REGIONS];
    for (uint64_t at = start; at < start + size;) {
        struct pagemap_scan_arguments scan = {
            .size = sizeof scan, .start = at, .end = start + size,
            .vec = (uint64_t)(uintptr_t)regions, .vec_len = REGIONS,
            .category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
            .return_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
        };
        if (ioctl(pagemap, PAGEMAP_SCAN_IOCTL, &scan) < 0) return 0;
        at = scan.walk_end;
    }
    return 1;
}

static void print_fastest(const char *name, double fastest, int last) {
    if (fastest < 0) printf("\"%s\":null%s", name, last ? "" : ",");
    else printf("\"%s\":%.4f%s", name, fastest, last ? "" : ",");
}

#define FASTEST(call) ({ \
    double fastest = -1; \
    for (int i = 0; i < REPEATS; i++) { \
        double begin = milliseconds(); \
        if (!(call)) break; \
        double took = milliseconds() - begin; \
        if (fastest < 0 || took < fastest) fastest = took; \
    } \
    fastest; })

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: %s PID GUEST_MEMFD_FD HVA SIZE\n", argv[0]);
        return 2;
    }
    int pid = atoi(argv[1]);
    uint64_t hva = strtoull(argv[3], NULL, 0), size = strtoull(argv[4], NULL, 0);
    int pidfd = syscall(SYS_pidfd_open, pid, 0);
    int fd = syscall(SYS_pidfd_getfd, pidfd, atoi(argv[2]), 0);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        perror("the guest_memfd cannot be taken");
        return 1;
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
    int pagemap = open(path, O_RDONLY | O_CLOEXEC);

    putchar('{');
    print_fastest("cachestat", FASTEST(cachestat_once(fd, status.st_size)), 0);
    print_fastest("mincore", FASTEST(mincore_once(fd, status.st_size)), 0);
    print_fastest("pagemapScan", FASTEST(pagemap_scan_once(pagemap, hva, size)), 1);
    puts("}");
    return 0;
}
