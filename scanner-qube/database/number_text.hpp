// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers at the beginning of a line of text.
#pragma once

#include <charconv>
#include <string_view>

namespace scannerqube::database {

// Takes a number and the `end` behind it off the front; false: there is none that fits.
template <class Number>
bool take_number(std::string_view& rest, char end, Number& out) {
  const char* const last = rest.data() + rest.size();
  const auto parsed = std::from_chars(rest.data(), last, out);
  if (parsed.ec != std::errc{} || parsed.ptr == last || *parsed.ptr != end) return false;
  rest.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest.data()) + 1);
  return true;
}

}  // namespace scannerqube::database
