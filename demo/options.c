#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"

static const char usage[] =
    "usage: guestmem-demo [options]\n"
    "A small KVM virtual machine with every kind of guest memory. It prints one line of JSON about itself and then\n"
    "obeys lines on stdin: read GPA, write GPA BYTE, execute GPA, attributes GPA SIZE private|shared, ranges,\n"
    "dirty-log MEMSLOT, close FD, log-dirty MEMSLOT on|off, pre-fault GPA SIZE,\n"
    "memslot SLOT FLAGS GPA SIZE HVA [FD OFFSET] (in hex), guest-memfd SIZE FLAGS,\n"
    "host GPA SIZE drop|touch|page-out|protect|permit|pin, pause, resume, sandbox, quit.\n"
    "\n"
    "  --type default|sw-protected  VM type; sw-protected has private memory and needs a kernel that offers it\n"
    "  --memory SIZE     the large memslot (16M)\n"
    "  --gmem SIZE       a further memslot that only a guest_memfd backs (none)\n"
    "  --populate        allocate all of --memory and --gmem\n"
    "  --alternate       of --gmem only every other page\n"
    "  --hugetlb SIZE    the large memslot is of hugetlb pages of 2M or 1G (none)\n"
    "  --misalign        its GPA and its HVA lie differently within large pages\n"
    "  --slots N         further small memslots (0)\n"
    "  --slot-size SIZE  size of each of them (64K)\n"
    "  --rate N          ticks of the guest per second; each converts a chunk of a sw-protected VM (4)\n"
    "  --vcpus N         vCPUs (1)\n"
    "  --vms N           VMs in this process; all but the first are bare (1)\n"
    "  --fork            a child process holds the same VMs\n"
    "  --kinds           further memslots, one for each kind of host memory\n"
    "  --name NAME       a name for those who read the command line\n"
    "Sizes are bytes, or a number with K, M or G, and whole pages.\n";

static _Noreturn void refuse(const char *option, const char *value)
{
    fprintf(stderr, "guestmem-demo: --%s cannot be '%s'.\n%s", option, value, usage);
    exit(2);
}

static uint64_t parse_number(const char *option, const char *text, uint64_t least, uint64_t most)
{
    char *end;
    uint64_t value = strtoull(text, &end, 0);

    if (!isdigit((unsigned char)*text) || *end || value < least || value > most)
        refuse(option, text);
    return value;
}

static uint64_t parse_size(const char *option, const char *text)
{
    static const char units[] = "KMG";
    char *end;
    uint64_t value = strtoull(text, &end, 0);
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    unsigned int shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;

    if (!isdigit((unsigned char)*text) || (*end && (!unit || end[1])) || value > (1ull << 46) >> shift)
        refuse(option, text);
    value <<= shift;
    if (value == 0 || value % 4096)
        refuse(option, text);
    return value;
}

struct options parse_options(int argc, char **argv)
{
    enum { TYPE, MEMORY, GMEM, POPULATE, ALTERNATE, HUGETLB, MISALIGN, SLOTS, SLOT_SIZE, RATE, VCPUS, VMS, FORK, KINDS, NAME, HELP };
    static const struct option known[] = {
        {"type", required_argument, NULL, TYPE},   {"memory", required_argument, NULL, MEMORY},
        {"gmem", required_argument, NULL, GMEM},   {"populate", no_argument, NULL, POPULATE},
        {"alternate", no_argument, NULL, ALTERNATE},
        {"slots", required_argument, NULL, SLOTS}, {"slot-size", required_argument, NULL, SLOT_SIZE},
        {"rate", required_argument, NULL, RATE},   {"vcpus", required_argument, NULL, VCPUS},
        {"vms", required_argument, NULL, VMS},     {"fork", no_argument, NULL, FORK},
        {"kinds", no_argument, NULL, KINDS},       {"name", required_argument, NULL, NAME},
        {"help", no_argument, NULL, HELP},         {"misalign", no_argument, NULL, MISALIGN},
        {"hugetlb", required_argument, NULL, HUGETLB}, {NULL, 0, NULL, 0},
    };
    struct options options = {.slot_size = 64 << 10, .rate = 4, .vcpus = 1, .memory = 16 << 20, .vms = 1};
    int option, index;

    while ((option = getopt_long(argc, argv, "", known, &index)) != -1) {
        const char *name = option == '?' ? NULL : known[index].name;

        switch (option) {
        case TYPE:
            options.sw_protected = !strcmp(optarg, "sw-protected");
            if (!options.sw_protected && strcmp(optarg, "default"))
                refuse(name, optarg);
            break;
        case MEMORY: options.memory = parse_size(name, optarg); break;
        case GMEM: options.gmem = parse_size(name, optarg); break;
        case POPULATE: options.populate = true; break;
        case ALTERNATE: options.alternate = true; break;
        case HUGETLB: options.hugetlb = parse_size(name, optarg); break;
        case MISALIGN: options.misalign = true; break;
        case SLOTS: options.slots = parse_number(name, optarg, 0, 32757); break;
        case SLOT_SIZE: options.slot_size = parse_size(name, optarg); break;
        case RATE: options.rate = (double)parse_number(name, optarg, 0, 1000); break;
        case VCPUS: options.vcpus = parse_number(name, optarg, 1, 4096 / MAILBOX_SIZE); break;
        case VMS: options.vms = parse_number(name, optarg, 1, 64); break;
        case FORK: options.fork = true; break;
        case KINDS: options.kinds = true; break;
        case NAME: break;
        case HELP: fputs(usage, stdout); exit(EXIT_SUCCESS);
        default: fputs(usage, stderr); exit(2);
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        exit(2);
    }
    return options;
}
