/*
 * The vCPU threads. A thread sleeps outside KVM_RUN until the next tick, or until the first vCPU is asked for an
 * access; then it runs its guest up to the next HLT.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "demo.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
/* Guarded by the lock: the access that the first vCPU is asked for, and the state of the ticks. */
static struct access *requested;
static bool paused;
static uint32_t ticking; /* vCPUs in the middle of a tick, or on the way to their first HLT */
static uint64_t tick_nanoseconds; /* 0 = never */
static int first_vcpu_fd = -1;

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Returns the requested access, or NULL when it is time for a tick. */
static struct access *wait_for_work(const struct vcpu *vcpu, uint64_t *next_tick)
{
    struct access *access;

    pthread_mutex_lock(&lock);
    while (!(access = vcpu->id == 0 ? requested : NULL)) {
        if (paused || !tick_nanoseconds) {
            pthread_cond_wait(&changed, &lock);
            *next_tick = now() + tick_nanoseconds;
            continue;
        }
        struct timespec deadline = {(time_t)(*next_tick / 1000000000), (long)(*next_tick % 1000000000)};

        if (pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, &deadline) == ETIMEDOUT) {
            *next_tick = now() + tick_nanoseconds;
            ticking++;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return access;
}

static void answer_hypercall(const struct vcpu *vcpu)
{
    struct kvm_run *run = vcpu->run;
    int error = ENOSYS;

    if (run->hypercall.nr == KVM_HC_MAP_GPA_RANGE)
        error = set_attribute(vcpu->vm, run->hypercall.args[0], run->hypercall.args[1] * 4096,
                              run->hypercall.args[2] & MAP_GPA_RANGE_ENCRYPTED);
    run->hypercall.ret = (uint64_t)-error;
}

/* Takes the vCPU to where it goes on after its HLT, so that the next KVM_RUN does what its mailbox says then. */
static void give_up_access(const struct vcpu *vcpu)
{
    struct kvm_regs regs;

    check(ioctl(vcpu->fd, KVM_GET_REGS, &regs), "KVM_GET_REGS");
    regs.rip = AFTER_HALT_GPA;
    check(ioctl(vcpu->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

/*
 * Runs the guest up to its next HLT or to an access that fails, which stays its last exit; `access` learns of exits on the
 * way.
 */
static void run_guest(const struct vcpu *vcpu, struct access *access)
{
    struct kvm_run *run = vcpu->run;

    for (;;) {
        if (ioctl(vcpu->fd, KVM_RUN, 0) < 0) {
            const struct memory_fault_exit *fault = (const void *)&run->mmio;

            if (errno == EINTR)
                continue;
            if (errno != EFAULT)
                die("KVM_RUN");
            access->outcome = run->exit_reason == KVM_EXIT_MEMORY_FAULT ? ACCESS_MEMORY_FAULT : ACCESS_EFAULT;
            access->fault_gpa = fault->gpa;
            give_up_access(vcpu);
            return;
        }
        switch (run->exit_reason) {
        case KVM_EXIT_HLT:
            return;
        case KVM_EXIT_HYPERCALL:
            answer_hypercall(vcpu);
            break;
        case KVM_EXIT_MMIO:
            access->outcome = ACCESS_MMIO;
            if (!run->mmio.is_write)
                memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
            break;
        case KVM_EXIT_SHUTDOWN:
            access->outcome = ACCESS_SHUTDOWN;
            set_registers(vcpu);
            break;
        default:
            fprintf(stderr, "guestmem-demo: vCPU %u ended KVM_RUN with exit reason %u.\n", vcpu->id, run->exit_reason);
            exit(EXIT_FAILURE);
        }
    }
}

static void run_to_halt(const struct vcpu *vcpu)
{
    struct access ignored;

    run_guest(vcpu, &ignored);
    pthread_mutex_lock(&lock);
    ticking--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void tick(const struct vcpu *vcpu)
{
    vcpu->mailbox->command = COMMAND_TICK;
    run_to_halt(vcpu);
}

static void perform(const struct vcpu *vcpu, struct access *access)
{
    vcpu->mailbox->command = access->command;
    vcpu->mailbox->gpa = access->gpa;
    vcpu->mailbox->value = access->value;
    access->outcome = ACCESS_DONE;
    run_guest(vcpu, access);
    access->value = (uint8_t)vcpu->mailbox->value;
    pthread_mutex_lock(&lock);
    requested = NULL;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void *vcpu_thread(void *argument)
{
    const struct vcpu *vcpu = argument;
    uint64_t next_tick = now() + tick_nanoseconds;

    run_to_halt(vcpu);
    for (;;) {
        struct access *access = wait_for_work(vcpu, &next_tick);

        if (access)
            perform(vcpu, access);
        else
            tick(vcpu);
    }
    return NULL;
}

void guest_access(struct access *access)
{
    pthread_mutex_lock(&lock);
    requested = access;
    pthread_cond_broadcast(&changed);
    while (requested)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

int pre_fault(uint64_t gpa, uint64_t size)
{
    struct kvm_pre_fault_memory range = {.gpa = gpa, .size = size};

    /* KVM takes piece by piece, and has then moved the beginning forward. */
    while (range.size)
        if (ioctl(first_vcpu_fd, KVM_PRE_FAULT_MEMORY, &range) < 0 && errno != EINTR && errno != EAGAIN)
            return errno;
    return 0;
}

void pause_ticks(bool pause)
{
    pthread_mutex_lock(&lock);
    paused = pause;
    pthread_cond_broadcast(&changed);
    while (pause && ticking)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void start_vcpus(struct vm *vm, const struct options *options)
{
    struct vcpu *vcpus = calloc(options->vcpus, sizeof(*vcpus));
    size_t run_size = (size_t)check(ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");

    if (!vcpus)
        die("calloc");
    load_guest(vm->memslots[0].hva);
    tick_nanoseconds = options->rate > 0 ? (uint64_t)(1e9 / options->rate) : 0;
    ticking = options->vcpus;
    for (uint32_t id = 0; id < options->vcpus; id++) {
        struct vcpu *vcpu = &vcpus[id];
        pthread_t thread;

        *vcpu = (struct vcpu){.id = id, .vm = vm, .fd = check(ioctl(vm->fd, KVM_CREATE_VCPU, id), "KVM_CREATE_VCPU")};
        vcpu->mailbox = (void *)((uint8_t *)vm->memslots[0].hva + MAILBOX_GPA + id * MAILBOX_SIZE);
        vcpu->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
        if (vcpu->run == MAP_FAILED)
            die("mmap of a vCPU");
        set_cpuid(vcpu);
        set_registers(vcpu);
        errno = pthread_create(&thread, NULL, vcpu_thread, vcpu);
        check(errno ? -1 : 0, "pthread_create");
        pthread_setname_np(thread, "vcpu");
        if (id == 0)
            first_vcpu_fd = vcpu->fd;
    }
}
