/* What the parts of the demo VMM share: options, the VM and its memory, the vCPUs. */
#ifndef DEMO_H
#define DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm_uapi.h"
#include "mailbox.h"

typedef unsigned long long ull; /* what printf's %llx takes */

struct options {
    bool sw_protected;
    uint32_t slots; /* further small memslots */
    uint64_t slot_size;
    double rate; /* ticks of the guest per second; a tick of a sw-protected VM converts a chunk */
    uint32_t vcpus;
    uint64_t memory; /* size of the large memslot */
    uint64_t gmem;   /* size of a further memslot that only a guest_memfd backs; 0 = none */
    bool populate;   /* allocate all of the two above */
    bool alternate;  /* of the second one only every other page */
    uint64_t hugetlb; /* size of the hugetlb pages behind the large memslot; 0 = none */
    bool misalign;   /* its HVA lies a page off its GPA within large pages */
    uint32_t vms;    /* VMs in this process; all but the first are bare */
    bool fork;       /* a child process holds the same VMs */
    bool kinds;      /* further memslots, one for each kind of host memory */
};

struct options parse_options(int argc, char **argv);

/* Half-open, in bytes. */
struct range {
    uint64_t start;
    uint64_t end;
};

struct memslot {
    uint32_t id;
    uint64_t gpa;
    uint64_t size;
    void *hva;
    uint32_t flags; /* KVM_MEM_… */
    int gmem_fd;    /* -1 = none */
    uint64_t gmem_offset;
    const char *kind;
    struct range touched; /* GPAs whose pages the guest uses from the start */
    struct range cached;  /* GPAs whose pages are in the file behind the slot, untouched */
};

struct guest_memfd {
    int fd;
    uint64_t size;
    uint64_t flags;
};

struct vm {
    int kvm_fd;
    int fd;
    struct memslot *memslots;
    uint32_t memslot_count;
    struct guest_memfd guest_memfds[4];
    uint32_t guest_memfd_count;
    struct range sweep; /* GPAs that the guest converts; empty in a VM without private memory */
};

/* memory.c */
/* Gives the VM every kind of memory that the kernel offers. */
void add_memory(struct vm *vm, const struct options *options);

/* memslot.c */
struct memslot *add_memslot(struct vm *vm, const char *kind, uint64_t gpa, uint64_t size, void *hva, uint32_t flags);
/* `offset` is where in the guest_memfd it begins. */
struct memslot *add_gmem_memslot(struct vm *vm, uint64_t gpa, uint64_t size, void *hva, int fd, uint64_t offset);
/* Returns 0 or an errno. */
int set_dirty_logging(struct vm *vm, uint64_t slot_id, bool on);

/* host_memory.c: a memslot for each further kind of host memory, from this GPA on. */
#define HOST_MEMORY_SLOTS 7
void add_host_memory(struct vm *vm, uint64_t gpa);

/* attributes.c: both are safe to call from any thread. */
/* Sets the attribute in KVM and in the VMM's own record. Returns 0 or an errno. */
int set_attribute(const struct vm *vm, uint64_t gpa, uint64_t size, bool private);
void print_private_ranges(void);

/* guest_state.c */
#define MAP_GPA_RANGE_ENCRYPTED (1ull << 4) /* an argument of KVM_HC_MAP_GPA_RANGE */

struct vcpu {
    uint32_t id;
    int fd;
    struct kvm_run *run;
    volatile struct mailbox *mailbox;
    struct vm *vm;
};

/* `memory` is where the VMM has memslot 0. */
void load_guest(uint8_t *memory);
void set_cpuid(const struct vcpu *vcpu);
/* Where the guest waits, in 64-bit mode; the first vCPU is to convert the VM's sweep. */
void set_registers(const struct vcpu *vcpu);

/* vcpu.c */
void start_vcpus(struct vm *vm, const struct options *options);
/* No vCPU is in a tick any more when it returns from pausing. */
void pause_ticks(bool pause);

/*
 * MMIO: outside the memslots or a write to the read-only one. EFAULT: the VMM's mapping does not permit it. Shutdown: an
 * address the processor does not have.
 */
enum access_outcome { ACCESS_DONE, ACCESS_MMIO, ACCESS_MEMORY_FAULT, ACCESS_EFAULT, ACCESS_SHUTDOWN };
struct access {
    uint64_t command; /* COMMAND_READ, _WRITE or _EXECUTE */
    uint64_t gpa;
    uint8_t value;
    enum access_outcome outcome;
    uint64_t fault_gpa;
};
/* Lets the guest's first vCPU do the access, and waits for it. */
void guest_access(struct access *access);
/* Has KVM map memory before the guest uses it. Returns 0 or an errno. */
int pre_fault(uint64_t gpa, uint64_t size);

/* report.c: one line of JSON each. */
void print_vms(const struct vm *vm, const struct options *options, const int *other_vms, int holder);
void print_access(const struct access *access);

/* host_changes.c: "drop", "touch", "page-out", "protect", "permit" or "pin" pages of a memslot's HVA. Returns 0 or an errno. */
int change_host_memory(const struct vm *vm, uint64_t gpa, uint64_t size, const char *change);

/* raw_calls.c */
/* `words` are, in hex, the slot, flags, GPA, size, HVA and, for the newer call, the guest_memfd's fd and the offset in it. Returns 0 or an errno. */
int call_set_memslot(const struct vm *vm, const char *words);
/* Returns the fd, or a negative errno. */
int call_create_guest_memfd(const struct vm *vm, uint64_t size, uint64_t flags);

/* dirty_log.c: the memslot's dirty pages as one line of JSON, clean from then on. False: the slot does not log. */
bool print_and_clear_dirty_log(const struct vm *vm, uint64_t slot_id);

/* sandbox.c: a seccomp filter on every thread, on pain of death. Returns 0 or an errno. */
int enter_sandbox(bool may_convert);

/* die.c: ends the program with what was tried and errno's meaning. check() does so when result is negative. */
_Noreturn void die(const char *tried);
int check(int result, const char *tried);

#endif
