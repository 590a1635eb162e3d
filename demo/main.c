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

static void print_done(const char *tried, int error)
{
    if (error)
        printf("{\"error\":\"%s: %s\"}\n", tried, strerror(error));
    else
        printf("{}\n");
}

static void obey(struct vm *vm, const char *line)
{
    char verb[16] = "", words[2][24] = {"", ""}, attribute[12] = "";
    int count = sscanf(line, "%15s %23s %23s %11s", verb, words[0], words[1], attribute);
    uint64_t gpa = strtoull(words[0], NULL, 0), operand = strtoull(words[1], NULL, 0);

    if (!strcmp(verb, "read") && count == 2) {
        obey_access(COMMAND_READ, gpa, 0);
    } else if (!strcmp(verb, "execute") && count == 2) {
        obey_access(COMMAND_EXECUTE, gpa, 0);
    } else if (!strcmp(verb, "write") && count == 3) {
        obey_access(COMMAND_WRITE, gpa, operand);
    } else if (count == 4 && !strcmp(verb, "attributes") && (!strcmp(attribute, "private") || !strcmp(attribute, "shared"))) {
        obey_attributes(vm, gpa, operand, attribute);
    } else if (count == 4 && !strcmp(verb, "host")) {
        int error = change_host_memory(vm, gpa, operand, attribute);

        if (error)
            printf("{\"error\":\"%s of host memory: %s\"}\n", attribute, strerror(error));
        else
            printf("{\"gpa\":\"0x%llx\",\"size\":\"0x%llx\",\"change\":\"%s\"}\n", (ull)gpa, (ull)operand, attribute);
    } else if (!strcmp(verb, "ranges")) {
        print_private_ranges();
    } else if (!strcmp(verb, "dirty-log") && count == 2) {
        if (!print_and_clear_dirty_log(vm, strtoull(words[0], NULL, 0)))
            printf("{\"error\":\"no such memslot, or it does not log dirty pages\"}\n");
    } else if (!strcmp(verb, "log-dirty") && (!strcmp(words[1], "on") || !strcmp(words[1], "off"))) {
        print_done("KVM_SET_USER_MEMORY_REGION", set_dirty_logging(vm, gpa, !strcmp(words[1], "on")));
    } else if (!strcmp(verb, "pre-fault") && count == 3) {
        print_done("KVM_PRE_FAULT_MEMORY", pre_fault(gpa, operand));
    } else if (!strcmp(verb, "pause") || !strcmp(verb, "resume")) {
        bool pause = !strcmp(verb, "pause");

        pause_ticks(pause);
        printf("{\"paused\":%s}\n", pause ? "true" : "false");
    } else if (!strcmp(verb, "close") && count == 2) {
        printf("{\"closed\":%s}\n", close((int)strtoul(words[0], NULL, 0)) ? "false" : "true");
    } else if (!strcmp(verb, "sandbox")) {
        int error = enter_sandbox(count == 2 && !strcmp(words[0], "permissive"));

        if (error)
            printf("{\"error\":\"seccomp: %s\"}\n", strerror(error));
        else
            printf("{\"sandbox\":true}\n");
    } else if (!strcmp(verb, "memslot")) {
        print_done("the call", call_set_memslot(vm, line + strlen(verb)));
    } else if (!strcmp(verb, "guest-memfd") && count == 3) {
        int fd = call_create_guest_memfd(vm, gpa, operand);

        if (fd < 0)
            print_done("KVM_CREATE_GUEST_MEMFD", -fd);
        else
            printf("{\"fd\":%d}\n", fd);
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
    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
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
    while (fgets(line, sizeof(line), stdin))
        obey(&vm, line);
    for (;;)
        pause();
}
