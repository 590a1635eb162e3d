#include "binding/run_values.h"

#include "base/system_error.h"
#include "binding/arguments.h"
#include "binding/column.h"

namespace guestmem::binding {
namespace {

/** The column `name` of an object, when it has the right type. */
template <typename Array>
Array column_of(Napi::Object object, const char* name, napi_typedarray_type type) {
    const Napi::Value value = object.Get(name);
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type)
        throw_bad_argument(name, "a typed array as in index.d.ts");
    return value.As<Array>();
}

/** What is no page number becomes one that no run may have. */
std::uint64_t page_number(double value) {
    if (!(value >= 0 && value <= static_cast<double>(pages::gfn_limit))) return pages::gfn_limit + 1;
    const auto whole = static_cast<std::int64_t>(value);
    return static_cast<double>(whole) == value ? static_cast<std::uint64_t>(whole) : pages::gfn_limit + 1;
}

}  // namespace

pages::RunIndex to_run_index(Napi::Value value) {
    if (!value.IsObject()) throw_bad_argument("runs", "columns of page runs");
    const Napi::Object columns = value.As<Napi::Object>();
    // All of them before any is looked into: to get one may run code that changes another.
    const Napi::Value count = columns.Get("count");
    const auto gfns = column_of<Napi::Float64Array>(columns, "gfns", napi_float64_array);
    const auto run_pages = column_of<Napi::Float64Array>(columns, "pages", napi_float64_array);
    const auto memslots = column_of<Napi::Int32Array>(columns, "memslots", napi_int32_array);
    const auto states = column_of<Napi::Uint32Array>(columns, "states", napi_uint32_array);
    const auto details = column_of<Napi::Uint32Array>(columns, "details", napi_uint32_array);
    const std::size_t runs = gfns.ElementLength();
    for (const std::size_t length : {run_pages.ElementLength(), memslots.ElementLength(), states.ElementLength(),
                                     details.ElementLength()})
        if (length != runs) throw_bad_argument("runs", "columns of equal length");
    if (!count.IsNumber() || count.As<Napi::Number>().DoubleValue() != static_cast<double>(runs))
        throw_bad_argument("count", "the length of the columns");

    pages::RunIndex index;
    index.reserve(runs);
    const double* first = gfns.Data();
    const double* length = run_pages.Data();
    const std::int32_t* memslot = memslots.Data();
    const std::uint32_t* state = states.Data();
    const std::uint32_t* detail = details.Data();
    for (std::size_t run = 0; run < runs; run++) {
        const std::uint64_t start = page_number(first[run]);
        pages::Kind kind;
        kind.state = state[run];
        kind.detail = detail[run];
        kind.presence = pages::exists | (memslot[run] < 0 ? 0 : pages::in_memslot);
        index.append({start, start + page_number(length[run])}, memslot[run], kind);
    }
    return index;
}

Napi::Value to_kind_columns(Napi::Env env, const pages::RunIndex& runs) {
    const auto& kinds = runs.kinds();
    Napi::Object object = Napi::Object::New(env);
    object.Set("count", Napi::Number::New(env, static_cast<double>(kinds.size())));
    object.Set("states", column<Napi::Uint32Array>(env, kinds, [](const auto& kind) { return kind.state; }));
    object.Set("details", column<Napi::Uint32Array>(env, kinds, [](const auto& kind) { return kind.detail; }));
    object.Set("beforeStates", column<Napi::Uint32Array>(env, kinds, [](const auto& kind) { return kind.before_state; }));
    object.Set("beforeDetails",
               column<Napi::Uint32Array>(env, kinds, [](const auto& kind) { return kind.before_detail; }));
    object.Set("presence", column<Napi::Uint8Array>(env, kinds, [](const auto& kind) { return kind.presence; }));
    object.Set("pages", column<Napi::Float64Array>(env, runs.kind_pages(), [](auto pages) { return pages; }));
    return object;
}

Napi::Object to_run_rows(Napi::Env env, const pages::RunIndex& runs, const std::vector<std::uint32_t>& rows) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("count", Napi::Number::New(env, static_cast<double>(rows.size())));
    object.Set("gfns", column<Napi::Float64Array>(env, rows, [&](auto run) { return runs.extent(run).start; }));
    object.Set("pages", column<Napi::Float64Array>(env, rows, [&](auto run) { return runs.pages(run); }));
    object.Set("memslots", column<Napi::Int32Array>(env, rows, [&](auto run) { return runs.memslot(run); }));
    object.Set("states", column<Napi::Uint32Array>(env, rows, [&](auto run) { return runs.kind(run).state; }));
    object.Set("details", column<Napi::Uint32Array>(env, rows, [&](auto run) { return runs.kind(run).detail; }));
    object.Set("beforeStates",
               column<Napi::Uint32Array>(env, rows, [&](auto run) { return runs.kind(run).before_state; }));
    object.Set("beforeDetails",
               column<Napi::Uint32Array>(env, rows, [&](auto run) { return runs.kind(run).before_detail; }));
    object.Set("presence", column<Napi::Uint8Array>(env, rows, [&](auto run) { return runs.kind(run).presence; }));
    return object;
}

Napi::Value to_value(Napi::Env env, const pages::CellCounts& counts) {
    const auto same = [](auto number) { return number; };
    Napi::Object object = Napi::Object::New(env);
    object.Set("offsets", column<Napi::Uint32Array>(env, counts.offsets, same));
    object.Set("classes", column<Napi::Uint8Array>(env, counts.classes, same));
    object.Set("pages", column<Napi::Float64Array>(env, counts.pages, same));
    return object;
}

Napi::Value to_value(Napi::Env env, const std::vector<pages::Extent>& extents) {
    Napi::Float64Array pairs = Napi::Float64Array::New(env, 2 * extents.size());
    double* at = pairs.Data();
    for (const pages::Extent& extent : extents) {
        *at++ = static_cast<double>(extent.start);
        *at++ = static_cast<double>(extent.end);
    }
    return pairs;
}

}  // namespace guestmem::binding
