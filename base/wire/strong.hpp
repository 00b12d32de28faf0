// SPDX-License-Identifier: GPL-2.0-or-later
// Integers that cannot be mixed up: a call id is not a request id.
#pragma once

#include <compare>
#include <functional>

namespace base {

template <class Tag, class Rep>
struct Strong {
  Rep value{};
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
};

}  // namespace base

template <class Tag, class Rep>
struct std::hash<base::Strong<Tag, Rep>> {
  std::size_t operator()(const base::Strong<Tag, Rep>& id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
