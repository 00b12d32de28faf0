// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/wire/base64.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace base::wire {

std::string to_base64(Bytes data) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t group = 3;
  std::string out;
  for (std::size_t at = 0; at < data.size(); at += group) {
    const std::size_t size = std::min(group, data.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < group; ++i) {
      bits = bits << 8U | (i < size ? std::to_integer<std::uint32_t>(data[at + i]) : 0U);
    }
    for (std::size_t i = 0; i <= group; ++i) {
      out += i <= size ? digits[bits >> (18U - 6U * i) & 63U] : '=';
    }
  }
  return out;
}

}  // namespace base::wire
