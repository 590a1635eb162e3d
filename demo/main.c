/*
 * A small KVM virtual machine monitor with every kind of guest memory: what there is for Guestmem to see and change.
 * The main thread never runs a vCPU; it obeys lines on stdin, each answered by one line of JSON. The end of stdin does
 * not end it; SIGTERM does.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "demo.h"

typedef unsigned long long ull; /* what printf's %llx takes */

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

static void print_vms(const struct vm *vm, const struct options *options, const int *other_vms, pid_t holder)
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

static void print_access(const struct access *access)
{
    if (access->outcome == ACCESS_MEMORY_FAULT)
        printf("{\"gpa\":\"0x%llx\",\"exit\":\"memory-fault\",\"faultGpa\":\"0x%llx\"}\n", (ull)access->gpa,
               (ull)access->fault_gpa);
    else if (access->outcome == ACCESS_SHUTDOWN)
        printf("{\"gpa\":\"0x%llx\",\"exit\":\"shutdown\"}\n", (ull)access->gpa);
    else
        printf("{\"gpa\":\"0x%llx\",\"value\":%u%s}\n", (ull)access->gpa, access->value,
               access->outcome == ACCESS_MMIO ? ",\"exit\":\"mmio\"" : "");
}

static void obey_access(uint64_t command, uint64_t gpa, uint64_t value)
{
    struct access access = {.command = command, .gpa = gpa, .value = (uint8_t)value};

    guest_access(&access);
    print_access(&access);
}

static void obey_attributes(const struct vm *vm, uint64_t gpa, uint64_t size, const char *attribute)
{
    int error = set_attribute(vm, gpa, size, !strcmp(attribute, "private"));

    if (error)
        printf("{\"error\":\"KVM_SET_MEMORY_ATTRIBUTES: %s\"}\n", strerror(error));
    else
        printf("{\"gpa\":\"0x%llx\",\"size\":\"0x%llx\",\"attribute\":\"%s\"}\n", (ull)gpa, (ull)size, attribute);
}

static void obey(const struct vm *vm, const char *line)
{
    char verb[16] = "", words[2][24] = {"", ""}, attribute[8] = "";
    int count = sscanf(line, "%15s %23s %23s %7s", verb, words[0], words[1], attribute);
    uint64_t gpa = strtoull(words[0], NULL, 0), operand = strtoull(words[1], NULL, 0);

    if (!strcmp(verb, "read") && count == 2) {
        obey_access(COMMAND_READ, gpa, 0);
    } else if (!strcmp(verb, "write") && count == 3) {
        obey_access(COMMAND_WRITE, gpa, operand);
    } else if (!strcmp(verb, "attributes") && count == 4) {
        obey_attributes(vm, gpa, operand, attribute);
    } else if (!strcmp(verb, "ranges")) {
        print_private_ranges();
    } else if (!strcmp(verb, "pause") || !strcmp(verb, "resume")) {
        bool pause = !strcmp(verb, "pause");

        pause_ticks(pause);
        printf("{\"paused\":%s}\n", pause ? "true" : "false");
    } else if (!strcmp(verb, "quit")) {
        exit(EXIT_SUCCESS);
    } else {
        printf("{\"error\":\"no such command, or not all of it\"}\n");
    }
}

static int create_vm(int kvm_fd, bool sw_protected)
{
    unsigned long type = sw_protected ? KVM_X86_SW_PROTECTED_VM : 0;

    if (sw_protected && !(ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_VM_TYPES) & 1 << KVM_X86_SW_PROTECTED_VM)) {
        fprintf(stderr, "guestmem-demo: this kernel's KVM has no VMs of type sw-protected (CONFIG_KVM_SW_PROTECTED_VM).\n");
        exit(EXIT_FAILURE);
    }
    return check(ioctl(kvm_fd, KVM_CREATE_VM, type), "KVM_CREATE_VM");
}

/* The guest reads and writes back a byte of every page that it is to use. */
static void touch_memory(const struct vm *vm)
{
    for (uint32_t i = 0; i < vm->memslot_count; i++) {
        const struct memslot *slot = &vm->memslots[i];

        for (uint64_t gpa = slot->touched.start; gpa < slot->touched.end; gpa += 4096) {
            struct access access = {.command = COMMAND_READ, .gpa = gpa};

            guest_access(&access);
            access.command = COMMAND_WRITE;
            guest_access(&access);
        }
    }
}

static pid_t fork_holder(void)
{
    pid_t parent = getpid(), child = check(fork(), "fork");

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        while (getppid() == parent)
            pause();
        _exit(EXIT_SUCCESS);
    }
    return child;
}

int main(int argc, char **argv)
{
    struct options options = parse_options(argc, argv);
    struct vm vm = {.kvm_fd = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "open /dev/kvm")};
    int *other_vms = calloc(options.vms, sizeof(*other_vms));
    pid_t holder = 0;
    char line[256];

    if (!other_vms)
        die("calloc");
    vm.fd = create_vm(vm.kvm_fd, options.sw_protected);
    for (uint32_t i = 0; i + 1 < options.vms; i++)
        other_vms[i] = create_vm(vm.kvm_fd, options.sw_protected);
    if (options.fork)
        holder = fork_holder(); /* before there is memory that copy-on-write would move */
    if (options.sw_protected) {
        struct kvm_enable_cap hypercalls = {.cap = KVM_CAP_EXIT_HYPERCALL, .args = {1 << KVM_HC_MAP_GPA_RANGE}};

        check(ioctl(vm.fd, KVM_ENABLE_CAP, &hypercalls), "KVM_CAP_EXIT_HYPERCALL");
    }
    add_memory(&vm, &options);
    start_vcpus(&vm, &options);
    touch_memory(&vm);
    print_vms(&vm, &options, other_vms, holder);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        obey(&vm, line);
        fflush(stdout);
    }
    for (;;)
        pause();
}
