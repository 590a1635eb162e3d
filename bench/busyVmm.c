/*
 * A process with a VM and a guest_memfd that gives a recorder as much to do as it can. It prints its fd of the VM, and then
 * answers each line of its stdin by a line of JSON:
 *
 *   calls COUNT             nanoseconds that each of COUNT calls takes
 *   pages SECONDS THREADS   pages that THREADS allocate and punch for so long, and how many calls they made
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../demo/kvm_uapi.h"

enum { MOST_THREADS = 8, PAGES = 2048 };

static int vm;
static double until;

struct worker {
    pthread_t thread;
    int guest_memfd;
    uint64_t calls;
};

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *churn(void *argument) {
    struct worker *worker = argument;
    const int modes[] = {FALLOC_FL_KEEP_SIZE, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE};
    for (worker->calls = 0; seconds() < until || worker->calls % 2 != 0; worker->calls++) {
        if (fallocate(worker->guest_memfd, modes[worker->calls % 2], 0, (off_t)PAGES * 4096) != 0) {
            perror("fallocate");
            exit(1);
        }
    }
    return NULL;
}

static void measure_pages(double duration, int threads) {
    struct worker workers[MOST_THREADS];
    uint64_t calls = 0;
    double begin = seconds();
    until = begin + duration;
    for (int i = 0; i < threads; i++) {
        struct kvm_create_guest_memfd create = {.size = (uint64_t)PAGES * 4096};
        workers[i].guest_memfd = ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create);
        if (workers[i].guest_memfd < 0 || pthread_create(&workers[i].thread, NULL, churn, &workers[i]) != 0) {
            perror("begin a thread with a guest_memfd");
            exit(1);
        }
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        calls += workers[i].calls;
        close(workers[i].guest_memfd);
    }
    printf("{\"seconds\":%.3f,\"calls\":%lu,\"pages\":%lu,\"guestMemfds\":%d}\n", seconds() - begin, calls, calls * PAGES, threads);
}

/* The least of several parts: what disturbs one disturbs not all. */
#define NANOSECONDS(count, call) ({ \
    double least = 1e9; \
    for (int part = 0; part < 20; part++) { \
        double begin = seconds(); \
        for (long i = 0; i < (count) / 20; i++) call; \
        double each = (seconds() - begin) * 1e9 / (double)((count) / 20); \
        if (each < least) least = each; \
    } \
    least; })

static void measure_calls(long count) {
    /* Refused for its flags before KVM does anything: what is left is the call itself. */
    struct kvm_userspace_memory_region region = {.flags = ~0u, .memory_size = 4096};
    double getpid_each = NANOSECONDS(count, syscall(SYS_getpid));
    double unrecorded = NANOSECONDS(count, ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY));
    double recorded = NANOSECONDS(count, ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region));
    printf("{\"getpid\":%.1f,\"unrecordedIoctl\":%.1f,\"recordedIoctl\":%.1f}\n", getpid_each, unrecorded, recorded);
}

int main(void) {
    char line[80];
    double duration;
    long count;
    int threads;
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm < 0) {
        perror("make a VM");
        return 1;
    }
    printf("%d\n", vm);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "calls %ld", &count) == 1) measure_calls(count);
        else if (sscanf(line, "pages %lf %d", &duration, &threads) == 2 && threads <= MOST_THREADS) measure_pages(duration, threads);
        fflush(stdout);
    }
    return 0;
}
