// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/unknown_features.hpp"

#include <string_view>

namespace scannerqube::volume {

std::string unknown_features(std::uint64_t bits) {
  constexpr std::string_view letters = "0123456789abcdef";
  std::string text;
  for (; bits != 0; bits >>= 4) text.insert(text.begin(), letters[bits & 15]);
  return "features that nobody here knows: 0x" + text;
}

}  // namespace scannerqube::volume
