// SPDX-License-Identifier: GPL-2.0-or-later
// Windows shortcuts, as [MS-SHLLINK] describes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/wire/writer.hpp"

namespace tests {

struct Shortcut {  // empty: there is none
  std::string item = {};
  std::string path = {};
  std::string share = {};
  std::string suffix = {};
  std::string relative = {};
  std::string arguments = {};
  std::string variables = {};
};

inline std::string shortcut(const Shortcut& parts) {
  using namespace std::string_view_literals;
  const auto in_text = [](auto fill) {
    std::vector<std::byte> bytes;
    fill(base::wire::Writer(bytes));
    return std::string(base::wire::as_text(bytes));
  };
  const auto wide = [](const std::string& text) {
    std::string out;
    for (const char c : text) out += std::string(1, c) + '\0';
    return out;
  };
  const bool info = !parts.path.empty() || !parts.share.empty();
  std::uint32_t flags = 0x80;
  if (!parts.item.empty()) flags |= 0x01U;
  if (info) flags |= 0x02U;
  if (!parts.relative.empty()) flags |= 0x08U;
  if (!parts.arguments.empty()) flags |= 0x20U;
  std::string file("\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"sv);
  file += in_text([&](auto out) { out.u32(flags).zeros(52); });
  if (!parts.item.empty()) {
    // A drive, and a file on it.
    const std::string drive =
        "\x2f"
        "C:\\" +
        std::string(19, '\0');
    const std::string entry = "\x32" + std::string(11, '\0') + parts.item + '\0';
    file += in_text([&](auto out) {
      out.u16(static_cast<std::uint16_t>(drive.size() + entry.size() + 6));
      for (const std::string& each : {drive, entry}) {
        out.u16(static_cast<std::uint16_t>(each.size() + 2)).text(each);
      }
      out.u16(0);
    });
  }
  if (info) {
    constexpr std::uint32_t header = 0x1c;
    const std::string network = in_text([&](auto out) {
      out.u32(static_cast<std::uint32_t>(0x14 + parts.share.size() + 1)).u32(0).u32(0x14).zeros(8);
      out.text(parts.share).u8(0);
    });
    const std::string body = parts.path.empty() ? network : parts.path + '\0';
    file += in_text([&](auto out) {
      const auto size = static_cast<std::uint32_t>(header + body.size());
      out.u32(static_cast<std::uint32_t>(size + parts.suffix.size() + 1)).u32(header);
      out.u32(parts.path.empty() ? 2 : 1).u32(0).u32(header).u32(header).u32(size);
      out.text(body).text(parts.suffix).u8(0);
    });
  }
  for (const std::string& text : {parts.relative, parts.arguments}) {
    if (text.empty()) continue;
    file +=
        in_text([&](auto out) { out.u16(static_cast<std::uint16_t>(text.size())); }) + wide(text);
  }
  if (!parts.variables.empty()) {
    file += in_text([&](auto out) {
      out.u32(0x314).u32(0xa0000001).text(parts.variables).zeros(260 - parts.variables.size());
      out.text(wide(parts.variables)).zeros(520 - 2 * parts.variables.size());
    });
  }
  return file + std::string(4, '\0');
}

}  // namespace tests
