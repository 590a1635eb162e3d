/* The state in which a guest starts: its code and page tables in memslot 0, its vCPUs' registers. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "demo.h"

#define CHUNK_SIZE 0x10000ull

extern const uint8_t guest_code[], guest_code_end[];

/* 64-bit mode: the first 2 MiB are mapped where they are, the next are the window. */
void load_guest(uint8_t *memory)
{
    uint64_t *pml4 = (void *)(memory + PML4_GPA), *pdpt = (void *)(memory + PDPT_GPA), *pd = (void *)(memory + PD_GPA);
    const uint64_t present_writable = 3;

    pml4[0] = PDPT_GPA | present_writable;
    pdpt[0] = PD_GPA | present_writable;
    pd[0] = LARGE_PAGE_BITS;
    memcpy(memory + CODE_GPA, guest_code, (size_t)(guest_code_end - guest_code));
}

void set_cpuid(const struct vcpu *vcpu)
{
    enum { most = 256 };
    struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + most * sizeof(cpuid->entries[0]));

    if (!cpuid)
        die("calloc");
    cpuid->nent = most;
    check(ioctl(vcpu->vm->kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid), "KVM_GET_SUPPORTED_CPUID");
    check(ioctl(vcpu->fd, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2");
    free(cpuid);
}

void set_registers(const struct vcpu *vcpu)
{
    const struct kvm_segment code = {.limit = ~0u, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1};
    const struct kvm_segment data = {.limit = ~0u, .selector = 16, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1};
    const struct range *sweep = &vcpu->vm->sweep;
    struct kvm_sregs sregs;
    struct kvm_regs regs = {
        .rip = CODE_GPA,
        .rflags = 2,
        .rdi = MAILBOX_GPA + vcpu->id * MAILBOX_SIZE,
        .rbp = MAP_GPA_RANGE_ENCRYPTED,
        .r12 = sweep->start,
        .r13 = sweep->start,
        .r14 = sweep->end,
        .r15 = vcpu->id == 0 && sweep->end > sweep->start ? CHUNK_SIZE : 0,
    };

    check(ioctl(vcpu->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    sregs.cr0 = 0x80000001; /* paging, protection */
    sregs.cr3 = PML4_GPA;
    sregs.cr4 = 0x20;  /* PAE */
    sregs.efer = 0x500; /* long mode, active */
    sregs.cs = code;
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
    check(ioctl(vcpu->fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
    check(ioctl(vcpu->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}
