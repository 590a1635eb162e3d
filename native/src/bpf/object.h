// A BPF object, loaded when it is first needed: one that this kernel refuses does not take away the others.
#pragma once

#include <string>

#include "base/mapping.h"
#include "base/system_error.h"
#include "bpf/iteration.h"
#include "bpf/skeletons.h"

namespace guestmem::bpf {

/** Knows nothing of types; Object below does. Lives as long as the addon. */
class UntypedObject {
  public:
    explicit UntypedObject(const skeleton_type& type) : type_(type) {}
    UntypedObject(const UntypedObject&) = delete;
    UntypedObject& operator=(const UntypedObject&) = delete;
    ~UntypedObject();

    /** Loads and verifies the program if that was not done; throws SystemError, at once where it failed before. */
    void load();
    /** Lets the next load try again: what was missing (a module, a privilege) may be there by now. */
    void forget_failure() { failed_ = false; }

    /** Runs the program over one process, or all of them, and returns when it is done. `operation` completes "could not". */
    void run(int pidfd, const std::string& operation) const;

  protected:
    void* state() const { return skeleton_.state; }
    const void* records() const { return records_.data(); }

  private:
    const skeleton_type& type_;
    skeleton skeleton_{};
    Mapping records_;
    bool loaded_ = false;
    bool failed_ = false;
    int error_ = 0;
    std::string log_;
};

template <typename State, typename Record>
class Object : public UntypedObject {
  public:
    using UntypedObject::UntypedObject;

    /** Runs the program with `request` as its state; returns the state that it left. */
    const State& run(int pidfd, const State& request, const std::string& operation) {
        load();
        auto* state = static_cast<State*>(this->state());
        *state = request;
        UntypedObject::run(pidfd, operation);
        return *state;
    }

    /** The records of the last run. */
    const Record* records() const { return static_cast<const Record*>(UntypedObject::records()); }
};

}  // namespace guestmem::bpf
