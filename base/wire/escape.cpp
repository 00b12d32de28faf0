// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/wire/escape.hpp"

namespace base::wire {

std::string escape(std::string_view untrusted, std::size_t limit) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (const char c : untrusted.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      out += "\\\\";
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += hex[byte >> 4U];
      out += hex[byte & 0xfU];
    }
  }
  if (untrusted.size() > limit) out += "...";
  return out;
}

}  // namespace base::wire
