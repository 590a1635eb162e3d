#include "binding/event_columns.h"

#include <string>

#include "binding/arguments.h"
#include "binding/column.h"

namespace guestmem::binding {
namespace {

template <typename Array>
Array column_of(const Napi::Object& columns, const char* name, napi_typedarray_type type, std::size_t count) {
    const Napi::Value value = columns.Get(name);
    const bool is_column = value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type &&
                           value.As<Napi::TypedArray>().ElementLength() == count;
    if (!is_column) throw_bad_argument(name, "a typed array with an element for each event");
    return value.As<Array>();
}

}  // namespace

Napi::Object to_event_columns(Napi::Env env, const std::vector<event_record>& events) {
    Napi::Object columns = Napi::Object::New(env);
    columns.Set("count", static_cast<double>(events.size()));
    columns.Set("times", column<Napi::Float64Array>(env, events, [](const auto& event) { return event.time; }));
    columns.Set("kinds", column<Napi::Uint8Array>(env, events, [](const auto& event) { return event.kind; }));
    columns.Set("threads", column<Napi::Uint32Array>(env, events, [](const auto& event) { return event.thread; }));
    columns.Set("numbers", column<Napi::Int16Array>(env, events, [](const auto& event) { return event.number; }));
    columns.Set("addressSpaces", column<Napi::Uint16Array>(env, events, [](const auto& event) { return event.address_space; }));
    columns.Set("starts", column<Napi::BigUint64Array>(env, events, [](const auto& event) { return event.start; }));
    columns.Set("sizes", column<Napi::BigUint64Array>(env, events, [](const auto& event) { return event.size; }));
    columns.Set("values", column<Napi::BigUint64Array>(env, events, [](const auto& event) { return event.value; }));
    columns.Set("details", column<Napi::BigUint64Array>(env, events, [](const auto& event) { return event.detail; }));
    columns.Set("inodes", column<Napi::Float64Array>(env, events, [](const auto& event) { return event.inode; }));
    columns.Set("inodeOffsets", column<Napi::BigUint64Array>(env, events, [](const auto& event) { return event.inode_offset; }));
    columns.Set("durations", column<Napi::Uint32Array>(env, events, [](const auto& event) { return event.duration; }));
    columns.Set("results", column<Napi::Int32Array>(env, events, [](const auto& event) { return event.result; }));
    return columns;
}

std::vector<event_record> event_columns_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
    if (!info[index].IsObject()) throw_bad_argument(name, "columns of events");
    const auto columns = info[index].As<Napi::Object>();
    const Napi::Value count_value = columns.Get("count");
    const double count_given = count_value.IsNumber() ? count_value.As<Napi::Number>().DoubleValue() : -1;
    if (!(count_given >= 0 && count_given <= UINT32_MAX)) throw_bad_argument("count", "the number of events");
    const auto count = static_cast<std::size_t>(count_given);
    const auto times = column_of<Napi::Float64Array>(columns, "times", napi_float64_array, count);
    const auto kinds = column_of<Napi::Uint8Array>(columns, "kinds", napi_uint8_array, count);
    const auto threads = column_of<Napi::Uint32Array>(columns, "threads", napi_uint32_array, count);
    const auto numbers = column_of<Napi::Int16Array>(columns, "numbers", napi_int16_array, count);
    const auto address_spaces = column_of<Napi::Uint16Array>(columns, "addressSpaces", napi_uint16_array, count);
    const auto starts = column_of<Napi::BigUint64Array>(columns, "starts", napi_biguint64_array, count);
    const auto sizes = column_of<Napi::BigUint64Array>(columns, "sizes", napi_biguint64_array, count);
    const auto values = column_of<Napi::BigUint64Array>(columns, "values", napi_biguint64_array, count);
    const auto details = column_of<Napi::BigUint64Array>(columns, "details", napi_biguint64_array, count);
    const auto inodes = column_of<Napi::Float64Array>(columns, "inodes", napi_float64_array, count);
    const auto inode_offsets = column_of<Napi::BigUint64Array>(columns, "inodeOffsets", napi_biguint64_array, count);
    const auto durations = column_of<Napi::Uint32Array>(columns, "durations", napi_uint32_array, count);
    const auto results = column_of<Napi::Int32Array>(columns, "results", napi_int32_array, count);
    const auto whole = [](double number, const char* of) {
        if (!(number >= 0 && number < 9007199254740992.0)) throw_bad_argument(of, "whole numbers below 2^53");
        return static_cast<std::uint64_t>(number);
    };
    std::vector<event_record> events(count);
    for (std::size_t i = 0; i < count; i++) {
        event_record& event = events[i];
        event.time = whole(times[i], "times");
        event.start = starts[i];
        event.size = sizes[i];
        event.value = values[i];
        event.detail = details[i];
        event.inode = whole(inodes[i], "inodes");
        event.inode_offset = inode_offsets[i];
        event.duration = durations[i];
        event.thread = threads[i];
        event.result = results[i];
        event.kind = kinds[i];
        event.number = numbers[i];
        event.address_space = address_spaces[i];
    }
    return events;
}

}  // namespace guestmem::binding
