#include "stub.h"

#include <sys/uio.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

// rsp points at a remote frame (remote_frame.h), which these instructions consume. The last one sets rip and rsp at
// once, so that a signal at any instruction between finds a stack that is in order. Neither the call nor the stub
// touches vector registers or the signal mask, which is why no signal frame and no rt_sigreturn is needed: that would
// also discard the kernel's record of an interrupted sleep.
asm(".pushsection .rodata\n"
    ".balign 8\n"
    "guestmem_stub_begin:\n"
    "  syscall\n"
    "  pop %rdi\n"
    "  pop %rsi\n"
    "  pop %rdx\n"
    "  pop %r10\n"
    "  pop %r8\n"
    "  pop %r9\n"
    "  pop %rcx\n"
    "  pop %r11\n"
    "  pop %rax\n"
    "  popfq\n"
    "  ret $128\n"  // skips the red zone
    "  .fill 64 - (. - guestmem_stub_begin), 1, 0\n"  // fills stub_room; the assembler refuses a longer stub
    ".popsection\n");

extern "C" const unsigned char guestmem_stub_begin[] __attribute__((visibility("hidden")));

namespace guestmem::inject {

namespace {

constexpr std::uint64_t end_of_32_bit_addresses = 1ull << 32;

std::optional<std::uint64_t> find_vdso_end(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/maps";
    const std::unique_ptr<FILE, int (*)(FILE*)> maps(std::fopen(path.c_str(), "re"), std::fclose);
    if (!maps) return std::nullopt;
    char line[512];
    // A line longer than the buffer comes in pieces: only its first piece starts with an address.
    while (std::fgets(line, sizeof line, maps.get()) != nullptr) {
        unsigned long long begin = 0;
        unsigned long long end = 0;
        int name = 0;
        if (std::sscanf(line, "%llx-%llx %*s %*s %*s %*s %n", &begin, &end, &name) == 2 && name > 0 &&
            std::strcmp(line + name, "[vdso]\n") == 0)
            return end;
    }
    return std::nullopt;
}

bool read_room(pid_t pid, std::uint64_t address, unsigned char (&bytes)[stub_room]) {
    const iovec local{bytes, sizeof bytes};
    const iovec remote{reinterpret_cast<void*>(address), sizeof bytes};
    return process_vm_readv(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(sizeof bytes);
}

}  // namespace

std::variant<StubPlace, std::string> find_stub_place(pid_t pid) {
    const std::string no_room = "has no free room at the end of its vDSO, where the call would be made";
    const std::optional<std::uint64_t> end = find_vdso_end(pid);
    if (!end) return no_room;
    // The kernel maps a 64-bit program's vDSO above its stack.
    if (*end <= end_of_32_bit_addresses) return "is a 32-bit program, of which no thread can make the call";
    const std::uint64_t address = *end - stub_room;

    unsigned char found[stub_room];
    if (!read_room(pid, address, found)) return no_room;
    bool written = true;
    for (std::size_t index = 0; index < stub_room; index++) {
        if (found[index] == guestmem_stub_begin[index]) continue;
        // Zeros may also be the rest of a stub whose writer died half-way: finishing it is harmless.
        if (found[index] != 0) return no_room;
        written = false;
    }
    return StubPlace{address, written};
}

bool is_stub_at(pid_t pid, std::uint64_t address) {
    unsigned char found[stub_room];
    return read_room(pid, address, found) && std::memcmp(found, guestmem_stub_begin, stub_room) == 0;
}

bool write_stub(Attachment& attachment, std::uint64_t address) {
    // Words through ptrace rather than bytes through /proc/PID/mem, which newer kernels close to writers.
    for (std::size_t offset = 0; offset < stub_room; offset += sizeof(long)) {
        long word;
        std::memcpy(&word, guestmem_stub_begin + offset, sizeof word);
        if (!attachment.write_word(address + offset, word)) return false;
    }
    return true;
}

}  // namespace guestmem::inject
