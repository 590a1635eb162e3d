// Columns of JavaScript numbers from what the kernel or an index has in rows.
#pragma once

#include <napi.h>

#include <cstddef>
#include <type_traits>
#include <vector>

namespace guestmem::binding {

/** A typed array with one entry per item. */
template <typename Array, typename Item, typename Get>
Array column(Napi::Env env, const std::vector<Item>& items, Get get) {
    Array array = Array::New(env, items.size());
    auto* data = array.Data();
    using Element = std::remove_reference_t<decltype(*data)>;
    for (std::size_t i = 0; i < items.size(); i++) data[i] = static_cast<Element>(get(items[i]));
    return array;
}

}  // namespace guestmem::binding
