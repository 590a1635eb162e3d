// Page runs between JavaScript's columns and the index's own.
#pragma once

#include <napi.h>

#include <cstddef>
#include <vector>

#include "pages/cell_counts.h"
#include "pages/extents.h"
#include "pages/run_index.h"

namespace guestmem::binding {

/** PageRunColumns; throws SystemError EINVAL for what is none. */
pages::RunIndex to_run_index(Napi::Value columns);

/** KindColumns. */
Napi::Value to_kind_columns(Napi::Env env, const pages::RunIndex& runs);

/** RunRows of these runs. */
Napi::Object to_run_rows(Napi::Env env, const pages::RunIndex& runs, const std::vector<std::uint32_t>& rows);

Napi::Value to_value(Napi::Env env, const pages::CellCounts& counts);

/** Pairs of gfns. */
Napi::Value to_value(Napi::Env env, const std::vector<pages::Extent>& extents);

}  // namespace guestmem::binding
