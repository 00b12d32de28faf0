// SPDX-License-Identifier: GPL-2.0-or-later
// What is said of a file, or of a whole medium.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace scannerqube {

// From harmless to certain. `incomplete`: a part was not looked into, so nothing is known of it;
// nothing releases it by itself. `failed`: there was no scan.
enum class Verdict : std::uint8_t { clean, suspicious, incomplete, failed, infected };

// Of a medium whose parts have these.
constexpr Verdict worse(Verdict a, Verdict b) { return std::max(a, b); }

constexpr std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::clean:
      return "clean";
    case Verdict::suspicious:
      return "suspicious";
    case Verdict::incomplete:
      return "incomplete";
    case Verdict::infected:
      return "infected";
    case Verdict::failed:
      break;
  }
  return "failed";
}

constexpr std::optional<Verdict> verdict_named(std::string_view name) {
  for (const Verdict each : {Verdict::clean, Verdict::suspicious, Verdict::incomplete,
                             Verdict::failed, Verdict::infected}) {
    if (verdict_name(each) == name) return each;
  }
  return std::nullopt;
}

}  // namespace scannerqube
