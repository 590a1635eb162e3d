#include "binding/errors.h"

#include <cstring>

namespace guestmem::binding {

std::string errno_name(int error) {
    switch (error) {
#define NAME(CODE) \
    case CODE:     \
        return #CODE
        NAME(EPERM);
        NAME(ENOENT);
        NAME(ESRCH);
        NAME(EINTR);
        NAME(EIO);
        NAME(ENXIO);
        NAME(E2BIG);
        NAME(EBADF);
        NAME(EAGAIN);
        NAME(ENOMEM);
        NAME(EACCES);
        NAME(EFAULT);
        NAME(EBUSY);
        NAME(EEXIST);
        NAME(ENODEV);
        NAME(ENOTDIR);
        NAME(EINVAL);
        NAME(ENFILE);
        NAME(EMFILE);
        NAME(ENOTTY);
        NAME(EFBIG);
        NAME(ENOSPC);
        NAME(EROFS);
        NAME(ERANGE);
        NAME(ENOSYS);
        NAME(ELOOP);
        NAME(ENODATA);
        NAME(EOVERFLOW);
        NAME(EPROTO);
        NAME(EOPNOTSUPP);
        NAME(ETIMEDOUT);
        NAME(ECANCELED);
        NAME(EHWPOISON);
#undef NAME
        default:
            return "E" + std::to_string(error);
    }
}

Napi::Error native_error(Napi::Env env, const SystemError& error) {
    const std::string code = errno_name(error.error());
    const std::string message =
        "Could not " + error.operation() + ": " + code + " (" + std::strerror(error.error()) + ")";
    Napi::Error result = Napi::Error::New(env, message);
    result.Set("name", Napi::String::New(env, "NativeError"));
    result.Set("code", Napi::String::New(env, code));
    result.Set("operation", Napi::String::New(env, error.operation()));
    if (!error.log().empty()) result.Set("log", Napi::String::New(env, error.log()));
    return result;
}

}  // namespace guestmem::binding
