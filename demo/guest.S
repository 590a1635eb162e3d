/*
 * The guest, in 64-bit mode. Every vCPU halts, which ends KVM_RUN; when the VMM runs it again, it does what its mailbox
 * says and halts once more. A tick may convert a chunk of memory: the guest sweeps over a region, all private, then all
 * shared again.
 *
 *   rdi  this vCPU's mailbox        r12  next chunk to convert      r14  end of the region
 *   rbp  attributes to ask for      r13  start of the region        r15  size of a chunk, 0 = convert nothing
 */
#include "mailbox.h"

#define KVM_HC_MAP_GPA_RANGE 12
#define MAP_GPA_RANGE_ENCRYPTED (1 << 4)

/* Points the window at the GPA in rsi; leaves the address in the window in rsi. Uses rdx. */
.macro open_window
    mov %rsi, %rdx
    and $-WINDOW_SIZE, %rdx
    or $LARGE_PAGE_BITS, %rdx
    mov %rdx, PD_GPA + 8
    invlpg WINDOW_GVA
    and $(WINDOW_SIZE - 1), %esi
    add $WINDOW_GVA, %rsi
.endm

    .section .rodata
    .globl guest_code, guest_code_end
    .code64
guest_code:
    hlt
    mov MAILBOX_COMMAND(%rdi), %rax
    mov MAILBOX_ADDRESS(%rdi), %rsi
    cmp $COMMAND_READ, %rax
    je read
    cmp $COMMAND_WRITE, %rax
    je write
    cmp $COMMAND_EXECUTE, %rax
    je execute

    incq MAILBOX_TICKS(%rdi)
    test %r15, %r15
    jz guest_code
    /* KVM itself replaces vmcall by the processor's own instruction where that is vmmcall. */
    mov $KVM_HC_MAP_GPA_RANGE, %eax
    mov %r12, %rbx
    mov %r15, %rcx
    shr $12, %rcx
    mov %rbp, %rdx
    vmcall
    mov %r12, %rsi
    open_window
    incb (%rsi)
    add %r15, %r12
    cmp %r14, %r12
    jb guest_code
    mov %r13, %r12
    xor $MAP_GPA_RANGE_ENCRYPTED, %rbp
    jmp guest_code

read:
    open_window
    mov (%rsi), %al
    mov %al, MAILBOX_VALUE(%rdi)
    jmp guest_code

write:
    open_window
    mov MAILBOX_VALUE(%rdi), %al
    mov %al, (%rsi)
    jmp guest_code

execute:
    open_window
    lea guest_code(%rip), %rbx
    movw $0xe3ff, (%rsi) /* jmp *%rbx */
    jmp *%rsi
guest_code_end:

    .section .note.GNU-stack, "", @progbits
