// Takes JavaScript arguments apart; what does not fit its range is a SystemError EINVAL that names the argument.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

#include "base/system_error.h"

namespace guestmem::binding {

[[noreturn]] inline void throw_bad_argument(const char* name, const char* wanted) {
    throw SystemError(EINVAL, std::string("take the argument ") + name + ", which must be " + wanted);
}

/** An integer in [0, max]. */
inline std::uint64_t integer_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name,
                                      std::uint64_t max) {
    const double value = info[index].IsNumber() ? info[index].As<Napi::Number>().DoubleValue() : -1;
    const bool in_range = value >= 0 && value <= static_cast<double>(max);
    if (!in_range || value != static_cast<double>(static_cast<std::uint64_t>(value)))
        throw_bad_argument(name, "a non-negative integer in range");
    return static_cast<std::uint64_t>(value);
}

inline std::uint32_t fd_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
    return static_cast<std::uint32_t>(integer_argument(info, index, name, INT32_MAX));
}

/** A page number: exact as a JavaScript number. */
inline std::uint64_t page_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
    return integer_argument(info, index, name, (std::uint64_t{1} << 53) - 1);
}

inline std::uint64_t bigint_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
    bool lossless = false;
    const std::uint64_t value = info[index].IsBigInt() ? info[index].As<Napi::BigInt>().Uint64Value(&lossless) : 0;
    if (!lossless) throw_bad_argument(name, "a bigint of 64 bits without sign");
    return value;
}

inline bool flag_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
    if (!info[index].IsBoolean()) throw_bad_argument(name, "true or false");
    return info[index].As<Napi::Boolean>().Value();
}

inline Napi::Uint8Array bytes_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
    if (!info[index].IsTypedArray() || info[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
        throw_bad_argument(name, "a Uint8Array");
    return info[index].As<Napi::Uint8Array>();
}

}  // namespace guestmem::binding
