// Work beside the event loop, with its result as a promise.
#pragma once

#include <napi.h>

#include <new>
#include <optional>
#include <utility>

#include "base/system_error.h"
#include "binding/errors.h"

namespace guestmem::binding {

/** `Work` runs on another thread and must own all that it uses; `Convert` makes a JavaScript value of its result. */
template <typename Work, typename Convert>
class PromisedWork : public Napi::AsyncWorker {
  public:
    PromisedWork(Napi::Env env, Work work, Convert convert)
        : Napi::AsyncWorker(env), work_(std::move(work)), convert_(std::move(convert)), deferred_(env) {}

    Napi::Promise promise() const { return deferred_.Promise(); }

  private:
    void Execute() override {
        try {
            result_.emplace(work_());
        } catch (const SystemError& error) {
            failure_.emplace(error);
        } catch (const std::bad_alloc&) {
            failure_.emplace(out_of_memory());
        }
    }

    void OnOK() override {
        const Napi::HandleScope scope(Env());
        try {
            if (failure_) throw native_error(Env(), *failure_);
            deferred_.Resolve(with_native_errors(Env(), [this] { return convert_(Env(), *result_); }));
        } catch (const Napi::Error& error) {
            deferred_.Reject(error.Value());
        }
    }

    Work work_;
    Convert convert_;
    Napi::Promise::Deferred deferred_;
    std::optional<decltype(std::declval<Work&>()())> result_;
    std::optional<SystemError> failure_;
};

template <typename Work, typename Convert>
Napi::Value promised(Napi::Env env, Work work, Convert convert) {
    // It deletes itself when it is done.
    auto* worker = new PromisedWork<Work, Convert>(env, std::move(work), std::move(convert));
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
}

}  // namespace guestmem::binding
