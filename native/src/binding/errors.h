// Turns failures into NativeErrors: JavaScript errors with a code (the errno's name) and the operation that failed.
#pragma once

#include <napi.h>

#include <new>
#include <string>

#include "base/system_error.h"

namespace guestmem::binding {

/** "EPERM"; "E1234" for a number that has no name here. */
std::string errno_name(int error);

Napi::Error native_error(Napi::Env env, const SystemError& error);

inline SystemError out_of_memory() { return {ENOMEM, "allocate memory"}; }

/** Runs `call`; what it throws becomes a NativeError. */
template <typename Call>
auto with_native_errors(Napi::Env env, Call call) {
    try {
        return call();
    } catch (const SystemError& error) {
        throw native_error(env, error);
    } catch (const std::bad_alloc&) {
        throw native_error(env, out_of_memory());
    }
}

}  // namespace guestmem::binding
