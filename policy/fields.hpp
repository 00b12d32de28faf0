// SPDX-License-Identifier: GPL-2.0-or-later
// The small pieces of policy text: fields between white space, characters of names.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace policy {

inline constexpr std::string_view white_space = " \t\r\v\f";
using Fields = std::vector<std::string_view>;  // into the line

inline Fields split_fields(std::string_view line) {
  Fields fields;
  for (;;) {
    const std::size_t start = line.find_first_not_of(white_space);
    if (start == std::string_view::npos) return fields;
    line.remove_prefix(start);
    const std::string_view field = line.substr(0, line.find_first_of(white_space));
    fields.push_back(field);
    line.remove_prefix(field.size());
  }
}

}  // namespace policy
