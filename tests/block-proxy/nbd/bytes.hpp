// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes written as hexadecimal text, so that examples can be held beside the protocol's document.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tests {

// Blanks are ignored.
inline std::vector<std::byte> hex(std::string_view text) {
  std::vector<std::byte> bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::byte>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

inline std::vector<std::byte> operator+(std::vector<std::byte> left,
                                        const std::vector<std::byte>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

template <class Range>
std::string to_hex(const Range& bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    text += digits[std::to_integer<unsigned>(byte) >> 4U];
    text += digits[std::to_integer<unsigned>(byte) & 15U];
  }
  return text;
}

}  // namespace tests
