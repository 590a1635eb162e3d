// Events as the columns that index.d.ts describes, and back.
#pragma once

#include <napi.h>

#include <cstddef>
#include <vector>

#include "events/event_chunk.h"

namespace guestmem::binding {

/** Their times are in microseconds since 1970. */
Napi::Object to_event_columns(Napi::Env env, const std::vector<event_record>& events);

std::vector<event_record> event_columns_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name);

}  // namespace guestmem::binding
