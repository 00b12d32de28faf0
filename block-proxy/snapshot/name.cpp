// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/name.hpp"

namespace blockproxy::snapshot {

bool valid_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  constexpr std::string_view legal =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= longest && name.front() != '.' && name.front() != '-' &&
         name.find_first_not_of(legal) == std::string_view::npos;
}

}  // namespace blockproxy::snapshot
