// The JavaScript class PageRunIndex. Work beside the event loop shares what it needs of it, and so outlives the object.
#pragma once

#include <napi.h>

#include <memory>

#include "pages/run_index.h"
#include "pages/run_table.h"

namespace guestmem::binding {

class PageRunIndex : public Napi::ObjectWrap<PageRunIndex> {
  public:
    static Napi::Function define(Napi::Env env);
    explicit PageRunIndex(const Napi::CallbackInfo& info);
    void Finalize(Napi::Env env) override;

  private:
    using Runs = std::shared_ptr<const pages::RunIndex>;
    using Method = Napi::Value (PageRunIndex::*)(const Napi::CallbackInfo& info);

    template <Method method>
    Napi::Value guarded(const Napi::CallbackInfo& info);

    static Napi::Value compare(const Napi::CallbackInfo& info);
    Napi::Value count(const Napi::CallbackInfo& info);
    Napi::Value kinds(const Napi::CallbackInfo& info);
    Napi::Value bytes(const Napi::CallbackInfo& info);
    Napi::Value count_cells(const Napi::CallbackInfo& info);
    Napi::Value find(const Napi::CallbackInfo& info);
    Napi::Value find_class(const Napi::CallbackInfo& info);
    Napi::Value slice(const Napi::CallbackInfo& info);
    Napi::Value list(const Napi::CallbackInfo& info);
    Napi::Value extents(const Napi::CallbackInfo& info);
    Napi::Value differences(const Napi::CallbackInfo& info);

    static Napi::Value adopt(Napi::Env env, Runs runs);
    static Runs runs_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name);

    Runs runs_;
    std::shared_ptr<pages::RunTable> table_;
    /** What JavaScript's garbage collector was told. */
    std::int64_t told_bytes_ = 0;
};

}  // namespace guestmem::binding
