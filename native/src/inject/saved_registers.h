// Holds a stopped thread's registers and gives them back however the holder ends.
#pragma once

#include <cstdint>

#include "attachment.h"
#include "restart_rules.h"

namespace guestmem::inject {

class SavedRegisters {
  public:
    /** The attached thread is stopped. `valid()` tells whether its registers could be read. */
    SavedRegisters(Attachment& attachment, std::uint32_t restartable_ioctl)
        : attachment_(attachment), restartable_ioctl_(restartable_ioctl), held_(attachment.read(registers_)) {}
    ~SavedRegisters() { restore(); }
    SavedRegisters(const SavedRegisters&) = delete;
    SavedRegisters& operator=(const SavedRegisters&) = delete;

    bool valid() const { return held_; }
    const Registers& get() const { return registers_; }

    /** The thread's seccomp filters do not let it call restart_syscall: an interrupted sleep begins again instead. */
    void forbid_restart_by_block() { may_restart_by_block_ = false; }

    /** The registers that restart the interrupted call without us. */
    Registers for_stub() const { return restarted_by_hand(registers_, restartable_ioctl_, may_restart_by_block_); }

    /** The thread runs in the stub and is not known to be stopped: only the stub may put it back now. */
    void leave_to_stub() { held_ = false; }

    /** The thread is stopped. Fails only where the thread was killed meanwhile. */
    void restore() {
        if (!held_) return;
        held_ = false;
        // The kernel looks at orig_rax and finishes the interrupted call only on the way out with the signal flag set,
        // which this interrupt sets (detaching happens to do so too, which is nobody's promise). It comes first: if we
        // die between the two, the thread is still in the stub.
        attachment_.interrupt();
        const bool by_hand = restarts_by_block(registers_) && !may_restart_by_block_;
        attachment_.write(by_hand ? for_stub() : restarted_by_kernel(registers_, restartable_ioctl_));
    }

  private:
    Attachment& attachment_;
    const std::uint32_t restartable_ioctl_;
    Registers registers_{};
    bool may_restart_by_block_ = true;
    bool held_;
};

}  // namespace guestmem::inject
