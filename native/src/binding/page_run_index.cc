#include "binding/page_run_index.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "binding/arguments.h"
#include "binding/errors.h"
#include "binding/promised.h"
#include "binding/run_values.h"
#include "pages/cell_counts.h"
#include "pages/class_search.h"
#include "pages/comparison.h"

namespace guestmem::binding {
namespace {

/** Random: tells an object of this class from all others. */
constexpr napi_type_tag type_tag = {0x6c1b2d52b8f04e0b, 0x9f4e5a8f30d1c7e6};

/** A page of a table, a part of a file: what goes over a wire at a time. */
constexpr std::uint64_t most_rows = 1 << 20;
constexpr std::uint64_t most_extents = 1 << 20;

constexpr std::uint64_t largest_cell = pages::gfn_limit;

pages::PageClasses classes_argument(const Napi::CallbackInfo& info, std::size_t index) {
    const Napi::Uint8Array bytes = bytes_argument(info, index, "classOfKind");
    return {bytes.Data(), bytes.Data() + bytes.ElementLength()};
}

pages::WantedClasses wanted_argument(const Napi::CallbackInfo& info, std::size_t index) {
    const Napi::Uint8Array bytes = bytes_argument(info, index, "wanted");
    pages::WantedClasses wanted;
    if (bytes.ElementLength() != wanted.size()) throw_bad_argument("wanted", "256 bytes");
    std::copy_n(bytes.Data(), wanted.size(), wanted.begin());
    return wanted;
}

std::optional<std::int32_t> memslot_argument(const Napi::CallbackInfo& info, std::size_t index) {
    if (info[index].IsNull()) return std::nullopt;
    return static_cast<std::int32_t>(integer_argument(info, index, "memslot", INT32_MAX));
}

}  // namespace

template <PageRunIndex::Method method>
Napi::Value PageRunIndex::guarded(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] { return (this->*method)(info); });
}

Napi::Function PageRunIndex::define(Napi::Env env) {
    const Napi::Function constructor = DefineClass(
        env, "PageRunIndex",
        {
            StaticMethod<&PageRunIndex::compare>("compare"),
            InstanceAccessor<&PageRunIndex::guarded<&PageRunIndex::count>>("count"),
            InstanceAccessor<&PageRunIndex::guarded<&PageRunIndex::kinds>>("kinds"),
            InstanceAccessor<&PageRunIndex::guarded<&PageRunIndex::bytes>>("bytes"),
            InstanceMethod<&PageRunIndex::guarded<&PageRunIndex::count_cells>>("countCells"),
            InstanceMethod<&PageRunIndex::guarded<&PageRunIndex::find>>("find"),
            InstanceMethod<&PageRunIndex::guarded<&PageRunIndex::find_class>>("findClass"),
            InstanceMethod<&PageRunIndex::guarded<&PageRunIndex::slice>>("slice"),
            InstanceMethod<&PageRunIndex::guarded<&PageRunIndex::list>>("list"),
            InstanceMethod<&PageRunIndex::guarded<&PageRunIndex::extents>>("extents"),
            InstanceMethod<&PageRunIndex::guarded<&PageRunIndex::differences>>("differences"),
        });
    env.SetInstanceData(new Napi::FunctionReference(Napi::Persistent(constructor)));
    return constructor;
}

PageRunIndex::PageRunIndex(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PageRunIndex>(info) {
    with_native_errors(info.Env(), [&] {
        // Only adopt() has an External to give.
        runs_ = info[0].IsExternal() ? *info[0].As<Napi::External<Runs>>().Data()
                                     : std::make_shared<const pages::RunIndex>(to_run_index(info[0]));
        table_ = std::make_shared<pages::RunTable>(runs_);
    });
    info.This().As<Napi::Object>().TypeTag(&type_tag);
    told_bytes_ = static_cast<std::int64_t>(runs_->bytes());
    Napi::MemoryManagement::AdjustExternalMemory(info.Env(), told_bytes_);
}

void PageRunIndex::Finalize(Napi::Env env) { Napi::MemoryManagement::AdjustExternalMemory(env, -told_bytes_); }

Napi::Value PageRunIndex::adopt(Napi::Env env, Runs runs) {
    return env.GetInstanceData<Napi::FunctionReference>()->New({Napi::External<Runs>::New(env, &runs)});
}

PageRunIndex::Runs PageRunIndex::runs_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
    const bool is_one = info[index].IsObject() && info[index].As<Napi::Object>().CheckTypeTag(&type_tag);
    if (!is_one) throw_bad_argument(name, "a PageRunIndex");
    return Unwrap(info[index].As<Napi::Object>())->runs_;
}

Napi::Value PageRunIndex::compare(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] {
        return promised(
            info.Env(),
            [before = runs_argument(info, 0, "before"), after = runs_argument(info, 1, "after")] {
                return std::make_shared<const pages::RunIndex>(pages::compare(*before, *after));
            },
            &PageRunIndex::adopt);
    });
}

Napi::Value PageRunIndex::count(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(runs_->count()));
}

Napi::Value PageRunIndex::kinds(const Napi::CallbackInfo& info) { return to_kind_columns(info.Env(), *runs_); }

Napi::Value PageRunIndex::bytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(runs_->bytes()));
}

Napi::Value PageRunIndex::count_cells(const Napi::CallbackInfo& info) {
    const std::uint64_t gfn = page_argument(info, 1, "gfn");
    const std::uint64_t cell_pages = integer_argument(info, 2, "cellPages", largest_cell);
    const auto cells = static_cast<std::size_t>(integer_argument(info, 3, "cells", pages::most_cells));
    if (cell_pages == 0 || cells == 0) throw_bad_argument(cells == 0 ? "cells" : "cellPages", "at least 1");
    return promised(
        info.Env(),
        [runs = runs_, classes = classes_argument(info, 0), gfn, cell_pages, cells] {
            return pages::count_cells(*runs, classes, gfn, cell_pages, cells);
        },
        [](Napi::Env env, const pages::CellCounts& counts) { return to_value(env, counts); });
}

Napi::Value PageRunIndex::find(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(runs_->find(page_argument(info, 0, "gfn"))));
}

Napi::Value PageRunIndex::find_class(const Napi::CallbackInfo& info) {
    const auto run = static_cast<std::size_t>(integer_argument(info, 2, "run", UINT32_MAX));
    const bool forward = flag_argument(info, 3, "forward");
    return promised(
        info.Env(),
        [runs = runs_, classes = classes_argument(info, 0), wanted = wanted_argument(info, 1), run, forward] {
            return pages::find_class(*runs, classes, wanted, run, forward);
        },
        [](Napi::Env env, const std::optional<std::size_t>& found) {
            return Napi::Number::New(env, found ? static_cast<double>(*found) : -1);
        });
}

Napi::Value PageRunIndex::slice(const Napi::CallbackInfo& info) {
    const std::uint64_t first = std::min(integer_argument(info, 0, "run", UINT32_MAX), std::uint64_t{runs_->count()});
    const std::uint64_t most = integer_argument(info, 1, "most", most_rows);
    std::vector<std::uint32_t> rows(std::min(most, runs_->count() - first));
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
    return to_run_rows(info.Env(), *runs_, rows);
}

Napi::Value PageRunIndex::list(const Napi::CallbackInfo& info) {
    const pages::RunQuery query = {
        classes_argument(info, 0),
        wanted_argument(info, 1),
        memslot_argument(info, 2),
        {page_argument(info, 3, "gfn"), page_argument(info, 4, "end")},
        static_cast<pages::RunOrder>(integer_argument(info, 5, "order", 3)),
        flag_argument(info, 6, "descending"),
    };
    const auto first = static_cast<std::size_t>(integer_argument(info, 7, "first", UINT32_MAX));
    const auto most = static_cast<std::size_t>(integer_argument(info, 8, "most", most_rows));
    return promised(
        info.Env(), [table = table_, query, first, most] { return table->list(query, first, most); },
        [runs = runs_](Napi::Env env, const pages::TablePage& page) {
            Napi::Object object = to_run_rows(env, *runs, page.runs);
            object.Set("total", Napi::Number::New(env, static_cast<double>(page.total)));
            object.Set("totalPages", Napi::Number::New(env, static_cast<double>(page.total_pages)));
            return object;
        });
}

Napi::Value PageRunIndex::extents(const Napi::CallbackInfo& info) {
    const auto most = static_cast<std::size_t>(integer_argument(info, 2, "most", most_extents));
    if (most == 0) throw_bad_argument("most", "at least 1");
    return promised(
        info.Env(),
        [runs = runs_, classes = classes_argument(info, 0), wanted = wanted_argument(info, 1), most] {
            pages::require_classes(*runs, classes);
            return pages::extents_of(*runs, pages::wanted_kinds(classes, wanted), most);
        },
        [](Napi::Env env, const std::vector<pages::Extent>& extents) { return to_value(env, extents); });
}

Napi::Value PageRunIndex::differences(const Napi::CallbackInfo& info) {
    const auto most = static_cast<std::size_t>(integer_argument(info, 1, "most", most_extents));
    if (most == 0) throw_bad_argument("most", "at least 1");
    return promised(
        info.Env(),
        [before = runs_, after = runs_argument(info, 0, "later"), most] {
            return pages::differences(*before, *after, most);
        },
        [](Napi::Env env, const std::vector<pages::Extent>& extents) { return to_value(env, extents); });
}

}  // namespace guestmem::binding
