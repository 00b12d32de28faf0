// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/exfat_upcase.hpp"

#include "base/wire/writer.hpp"
#include "scanner-qube/volume/names/unicode.hpp"

namespace scannerqube::release {
namespace {

constexpr std::size_t all_letters = 0x10000;
constexpr char32_t capital_sharp_s = 0x1e9e;  // no capital of "ss" in one letter, says Unicode

std::u16string make_capitals() {
  std::u16string capitals(all_letters, u'\0');
  for (std::size_t i = 0; i < all_letters; ++i) capitals[i] = static_cast<char16_t>(i);
  for (char16_t c = u'A'; c <= u'Z'; ++c) capitals[c + 32U] = c;
  for (const volume::names::CaseRun& run : volume::names::case_runs()) {
    for (std::uint32_t c = run.first; c <= run.last; c += run.stride) {
      const auto lower = static_cast<std::uint32_t>(static_cast<std::int64_t>(c) + run.delta);
      if (c >= all_letters || lower >= all_letters || c == capital_sharp_s) continue;
      // Of several capitals the first: K is one, the sign for kelvin another.
      if (capitals[lower] == lower) capitals[lower] = static_cast<char16_t>(c);
    }
  }
  return capitals;
}

}  // namespace

const std::u16string& exfat_capitals() {
  static const std::u16string capitals = make_capitals();
  return capitals;
}

std::vector<std::byte> exfat_upcase_table() {
  const std::u16string& capitals = exfat_capitals();
  constexpr std::size_t worth_a_run = 3;
  std::vector<std::byte> table;
  base::wire::Writer out(table);
  for (std::size_t at = 0; at < all_letters;) {
    std::size_t end = at;
    while (end < all_letters && capitals[end] == end) ++end;
    // The first 128 are spelt out in every volume that others make. A lone 0xffff would start a
    // run.
    const bool as_run = at >= 128 && (end - at >= worth_a_run || end == all_letters);
    if (as_run) {
      out.u16(0xffff).u16(static_cast<std::uint16_t>(end - at));
      at = end;
    } else {
      out.u16(capitals[at++]);
    }
  }
  return table;
}

std::uint32_t exfat_checksum(std::uint32_t sum, std::byte next) {
  return ((sum & 1U) << 31U) + (sum >> 1U) + std::to_integer<std::uint32_t>(next);
}

}  // namespace scannerqube::release
