#include "binding/event_log.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "binding/arguments.h"
#include "binding/errors.h"
#include "binding/event_columns.h"
#include "binding/promised.h"
#include "events/event_counts.h"
#include "events/event_filter.h"

namespace guestmem::binding {
namespace {

/** Random: tells an object of this class from all others. */
constexpr napi_type_tag type_tag = {0x2f7d0b6ce19a4358, 0xb3c85ad1f4670e92};

constexpr std::uint64_t most_bytes = std::uint64_t{1} << 40;
/** A page of a table: what goes over a wire at a time. */
constexpr std::uint64_t most_rows = 1 << 20;

std::optional<std::vector<events::Place>> places_argument(const Napi::CallbackInfo& info, std::size_t index) {
    constexpr std::size_t fields = 4;
    if (info[index].IsNull()) return std::nullopt;
    const bool is_array = info[index].IsTypedArray() && info[index].As<Napi::TypedArray>().TypedArrayType() == napi_biguint64_array &&
                          info[index].As<Napi::TypedArray>().ElementLength() % fields == 0;
    if (!is_array) throw_bad_argument("places", "null or a BigUint64Array with four numbers for each place");
    const auto numbers = info[index].As<Napi::BigUint64Array>();
    std::vector<events::Place> places;
    for (std::size_t i = 0; i < numbers.ElementLength(); i += fields) {
        if (numbers[i] < 1 || numbers[i] > 3) throw_bad_argument("places", "of the kinds 1 to 3");
        places.push_back({static_cast<events::PlaceKind>(numbers[i]), numbers[i + 1], numbers[i + 2], numbers[i + 3]});
    }
    return places;
}

/** From the arguments `index` to `index` + 4. */
events::EventFilter filter_argument(const Napi::CallbackInfo& info, std::size_t index) {
    return {static_cast<std::uint32_t>(integer_argument(info, index, "kinds", UINT32_MAX)), flag_argument(info, index + 1, "failed"),
            integer_argument(info, index + 2, "from", events::latest_time), integer_argument(info, index + 3, "to", events::latest_time),
            places_argument(info, index + 4)};
}

}  // namespace

Napi::Function EventLog::define(Napi::Env env) {
    return DefineClass(env, "EventLog",
                       {
                           InstanceAccessor<&EventLog::count>("count"),
                           InstanceAccessor<&EventLog::given_up>("givenUp"),
                           InstanceAccessor<&EventLog::oldest>("oldest"),
                           InstanceAccessor<&EventLog::counts>("counts"),
                           InstanceAccessor<&EventLog::bytes>("bytes"),
                           InstanceMethod<&EventLog::append>("append"),
                           InstanceMethod<&EventLog::read>("read"),
                           InstanceMethod<&EventLog::list>("list"),
                           InstanceMethod<&EventLog::count_events>("countEvents"),
                       });
}

EventLog::EventLog(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EventLog>(info) {
    with_native_errors(info.Env(), [&] {
        log_ = std::make_unique<events::EventLog>(integer_argument(info, 0, "mostBytes", most_bytes));
    });
    info.This().As<Napi::Object>().TypeTag(&type_tag);
}

events::EventLog& EventLog::log_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
    const bool is_one = info[index].IsObject() && info[index].As<Napi::Object>().CheckTypeTag(&type_tag);
    if (!is_one) throw_bad_argument(name, "an EventLog");
    return *Unwrap(info[index].As<Napi::Object>())->log_;
}

Napi::Value EventLog::count(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(log_->count()));
}

Napi::Value EventLog::given_up(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(log_->given_up()));
}

Napi::Value EventLog::oldest(const Napi::CallbackInfo& info) {
    const std::optional<std::uint64_t> oldest = log_->oldest();
    return oldest ? Napi::Value(Napi::Number::New(info.Env(), static_cast<double>(*oldest))) : info.Env().Null();
}

Napi::Value EventLog::counts(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&]() -> Napi::Value {
        Napi::Float64Array counts = Napi::Float64Array::New(info.Env(), log_->counts().size());
        for (std::size_t kind = 0; kind < log_->counts().size(); kind++) counts[kind] = static_cast<double>(log_->counts()[kind]);
        return counts;
    });
}

Napi::Value EventLog::bytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(log_->bytes()));
}

Napi::Value EventLog::append(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] {
        for (const event_record& event : event_columns_argument(info, 0, "events")) log_->append(event);
        return info.Env().Undefined();
    });
}

Napi::Value EventLog::read(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&]() -> Napi::Value {
        const std::uint64_t from = integer_argument(info, 0, "from", events::latest_time);
        const auto most = static_cast<std::size_t>(integer_argument(info, 1, "most", most_rows));
        return to_event_columns(info.Env(), log_->read(from, most));
    });
}

Napi::Value EventLog::list(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] {
        const auto limit = static_cast<double>(events::latest_time);
        const double first = info[5].IsNumber() ? info[5].As<Napi::Number>().DoubleValue() : NAN;
        if (!(first >= -limit && first <= limit)) throw_bad_argument("first", "an integer");
        const auto most = static_cast<std::size_t>(integer_argument(info, 6, "most", most_rows));
        return promised(
            info.Env(),
            [table = table_, spans = log_->spans(), filter = filter_argument(info, 0), first, most] {
                return table->list(spans, filter, static_cast<std::int64_t>(first), most);
            },
            [](Napi::Env env, const events::EventPage& page) {
                Napi::Object object = to_event_columns(env, page.events);
                object.Set("first", static_cast<double>(page.first));
                object.Set("total", static_cast<double>(page.total));
                object.Set("givenUp", static_cast<double>(page.given_up));
                return object;
            });
    });
}

Napi::Value EventLog::count_events(const Napi::CallbackInfo& info) {
    return with_native_errors(info.Env(), [&] {
        const std::uint64_t from = integer_argument(info, 5, "from", events::latest_time);
        const std::uint64_t to = integer_argument(info, 6, "to", events::latest_time);
        const auto buckets = static_cast<std::size_t>(integer_argument(info, 7, "buckets", events::most_buckets));
        if (from >= to) throw_bad_argument("to", "after the time from which on is counted");
        if (buckets == 0) throw_bad_argument("buckets", "at least 1");
        return promised(
            info.Env(),
            [spans = log_->spans(), filter = filter_argument(info, 0), from, to, buckets] {
                return events::count_events(spans, filter, from, to, buckets);
            },
            [](Napi::Env env, const std::vector<std::uint32_t>& counts) {
                Napi::Uint32Array array = Napi::Uint32Array::New(env, counts.size());
                std::copy(counts.begin(), counts.end(), array.Data());
                return array;
            });
    });
}

}  // namespace guestmem::binding
