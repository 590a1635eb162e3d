// What the verifier said about a program that it refused, made fit for people and free of kernel addresses.
#pragma once

#include <string>

namespace guestmem::bpf {

/**
 * The last lines, about 2,000 characters. The log names addresses of functions and maps as plain numbers; every number
 * of more than eight digits, in either base, gives way to "(address)": none that long means anything else.
 */
std::string log_end(const std::string& log);

}  // namespace guestmem::bpf
