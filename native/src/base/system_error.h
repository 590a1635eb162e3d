// The one exception of the addon: an errno, what was tried, and for a BPF load the end of the verifier's log.
#pragma once

#include <cerrno>
#include <exception>
#include <string>
#include <utility>

namespace guestmem {

class SystemError : public std::exception {
  public:
    /** `operation` completes "could not": "read the memslots of process 412". */
    SystemError(int error, std::string operation, std::string log = {})
        : error_(error), operation_(std::move(operation)), log_(std::move(log)) {}

    int error() const { return error_; }
    const std::string& operation() const { return operation_; }
    const std::string& log() const { return log_; }
    const char* what() const noexcept override { return operation_.c_str(); }

  private:
    int error_;
    std::string operation_;
    std::string log_;
};

}  // namespace guestmem
