#include "seccomp_program.h"

#include <array>
#include <cstring>

namespace guestmem::inject {

namespace {

// One pass over a program, which only ever jumps forward: it ends.
class Machine {
  public:
    Machine(const SeccompProgram& program, const seccomp_data& call) : program_(program), call_(call) {}

    std::optional<std::uint32_t> run() {
        while (next_ < program_.size()) {
            const sock_filter& instruction = program_[next_++];
            if (BPF_CLASS(instruction.code) == BPF_RET)
                return BPF_RVAL(instruction.code) == BPF_A ? accumulator_ : instruction.k;
            if (!step(instruction)) return std::nullopt;
        }
        return std::nullopt;
    }

  private:
    bool step(const sock_filter& instruction) {
        switch (BPF_CLASS(instruction.code)) {
            case BPF_LD:
                return load(instruction, accumulator_);
            case BPF_LDX:
                return load(instruction, index_);
            case BPF_ST:
                return store(instruction.k, accumulator_);
            case BPF_STX:
                return store(instruction.k, index_);
            case BPF_ALU:
                return compute(instruction);
            case BPF_JMP:
                return jump(instruction);
            case BPF_MISC:
                if (BPF_MISCOP(instruction.code) == BPF_TAX)
                    index_ = accumulator_;
                else
                    accumulator_ = index_;
                return true;
            default:
                return false;
        }
    }

    bool load(const sock_filter& instruction, std::uint32_t& into) {
        switch (BPF_MODE(instruction.code)) {
            case BPF_IMM:
                into = instruction.k;
                return true;
            case BPF_LEN:
                into = sizeof call_;
                return true;
            case BPF_MEM:
                if (instruction.k >= memory_.size()) return false;
                into = memory_[instruction.k];
                return true;
            case BPF_ABS:
                // The kernel refuses programs with other offsets when they are installed.
                if (instruction.k % sizeof into != 0 || instruction.k > sizeof call_ - sizeof into) return false;
                std::memcpy(&into, reinterpret_cast<const char*>(&call_) + instruction.k, sizeof into);
                return true;
            default:
                return false;
        }
    }

    bool store(std::uint32_t place, std::uint32_t value) {
        if (place >= memory_.size()) return false;
        memory_[place] = value;
        return true;
    }

    std::uint32_t operand(const sock_filter& instruction) const {
        return BPF_SRC(instruction.code) == BPF_X ? index_ : instruction.k;
    }

    bool compute(const sock_filter& instruction) {
        const std::uint32_t value = operand(instruction);
        switch (BPF_OP(instruction.code)) {
            case BPF_ADD:
                accumulator_ += value;
                return true;
            case BPF_SUB:
                accumulator_ -= value;
                return true;
            case BPF_MUL:
                accumulator_ *= value;
                return true;
            case BPF_DIV:
                // The kernel's classic BPF then answers 0, which kills.
                if (value == 0) return false;
                accumulator_ /= value;
                return true;
            case BPF_AND:
                accumulator_ &= value;
                return true;
            case BPF_OR:
                accumulator_ |= value;
                return true;
            case BPF_XOR:
                accumulator_ ^= value;
                return true;
            case BPF_LSH:
                accumulator_ <<= value & 31;
                return true;
            case BPF_RSH:
                accumulator_ >>= value & 31;
                return true;
            case BPF_NEG:
                accumulator_ = 0 - accumulator_;
                return true;
            default:
                return false;
        }
    }

    bool jump(const sock_filter& instruction) {
        const std::uint32_t value = operand(instruction);
        bool taken = false;
        switch (BPF_OP(instruction.code)) {
            case BPF_JA:
                if (instruction.k >= program_.size() - next_) return false;
                next_ += instruction.k;
                return true;
            case BPF_JEQ:
                taken = accumulator_ == value;
                break;
            case BPF_JGT:
                taken = accumulator_ > value;
                break;
            case BPF_JGE:
                taken = accumulator_ >= value;
                break;
            case BPF_JSET:
                taken = (accumulator_ & value) != 0;
                break;
            default:
                return false;
        }
        next_ += taken ? instruction.jt : instruction.jf;
        return true;
    }

    const SeccompProgram& program_;
    const seccomp_data& call_;
    std::size_t next_ = 0;
    std::uint32_t accumulator_ = 0;
    std::uint32_t index_ = 0;
    std::array<std::uint32_t, BPF_MEMWORDS> memory_{};
};

}  // namespace

std::optional<std::uint32_t> run_seccomp_program(const SeccompProgram& program, const seccomp_data& call) {
    return Machine(program, call).run();
}

bool lets_pass(const std::vector<SeccompProgram>& filters, const seccomp_data& call) {
    for (const SeccompProgram& program : filters) {
        const std::optional<std::uint32_t> answer = run_seccomp_program(program, call);
        if (!answer) return false;
        const std::uint32_t action = *answer & SECCOMP_RET_ACTION_FULL;
        // Each of the others keeps the call from being made: by death, a signal, an errno or a supervisor's word.
        if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG) return false;
    }
    return true;
}

}  // namespace guestmem::inject
