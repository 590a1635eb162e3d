/* The page through which the VMM tells the guest what to do, and where the guest's pieces lie. Read by C and by guest.S. */
#ifndef DEMO_MAILBOX_H
#define DEMO_MAILBOX_H

/* Guest physical addresses in memslot 0. */
#define PML4_GPA 0x1000
#define PDPT_GPA 0x2000
#define PD_GPA 0x3000
#define MAILBOX_GPA 0x4000
#define CODE_GPA 0x5000
#define AFTER_HALT_GPA 0x5001 /* The code begins with HLT, which is one byte. */

/* The second 2 MiB of the guest's address space are a window: guest.S points it at the memory it reads or writes. */
#define WINDOW_GVA 0x200000
#define WINDOW_SIZE 0x200000
#define LARGE_PAGE_BITS 0x83 /* present, writable, 2 MiB */

#define COMMAND_TICK 0
#define COMMAND_READ 1
#define COMMAND_WRITE 2
#define COMMAND_EXECUTE 3

#define MAILBOX_COMMAND 0
#define MAILBOX_ADDRESS 8
#define MAILBOX_VALUE 16
#define MAILBOX_TICKS 24
#define MAILBOX_SIZE 32

#ifndef __ASSEMBLER__
#include <stdint.h>

/* One for each vCPU, side by side in the mailbox page. */
struct mailbox {
    uint64_t command;
    uint64_t gpa;
    uint64_t value;
    uint64_t ticks;
};
_Static_assert(sizeof(struct mailbox) == MAILBOX_SIZE, "guest.S and C agree on the mailbox");
#endif

#endif
