// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/fat/names.hpp"

#include "scanner-qube/volume/names/unicode.hpp"

namespace scannerqube::volume::fat {
namespace {

std::string part(base::wire::Bytes bytes, bool lower) {
  std::string text(base::wire::as_text(bytes));
  while (!text.empty() && text.back() == ' ') text.pop_back();
  for (char& c : text) {
    if (lower && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

}  // namespace

std::string from_utf16(std::u16string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && text[i] != 0; ++i) {
    const char16_t unit = text[i];
    const bool high = unit >= 0xd800 && unit < 0xdc00;
    const bool pair = high && i + 1 < text.size() && text[i + 1] >= 0xdc00 && text[i + 1] < 0xe000;
    if (!pair) {
      names::append_utf8(out, unit);
      continue;
    }
    ++i;
    names::append_utf8(out, 0x10000U + ((unit - 0xd800U) << 10) + (text[i] - 0xdc00U));
  }
  return out;
}

std::string short_name(base::wire::Bytes name, std::uint8_t flags) {
  std::string text = part(name.first(8), (flags & 0x08U) != 0);
  // The byte that marks a deleted entry is written as 05 where a name begins with it.
  if (!text.empty() && text.front() == '\x05') text.front() = '\xe5';
  const std::string extension = part(name.subspan(8, 3), (flags & 0x10U) != 0);
  return extension.empty() ? text : text + "." + extension;
}

std::uint8_t short_checksum(base::wire::Bytes name) {
  unsigned sum = 0;
  for (const std::byte b : name.first(11)) {
    sum = (((sum & 1U) << 7) + (sum >> 1) + std::to_integer<unsigned>(b)) & 0xffU;
  }
  return static_cast<std::uint8_t>(sum);
}

}  // namespace scannerqube::volume::fat
