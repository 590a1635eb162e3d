// Loads and verifies the programs of a skeleton.
#pragma once

#include <string>

#include "bpf/skeletons.h"

namespace guestmem::bpf {

/** 0, or the errno of the failure, and then in `log` the end of what the verifier said. */
int load(const skeleton_type& type, skeleton& skeleton, std::string& log);

}  // namespace guestmem::bpf
