// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/violation.hpp"

#include <string_view>

namespace usbproxy::firewall {

std::string Violation::text() const {
  std::string out = where + ", offset " + std::to_string(offset) + ": ";
  if (!subject.empty()) out += subject + ": ";
  return out + rule;
}

std::string hex_byte(std::uint8_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {'0', 'x', digits[value >> 4U], digits[value & 0x0fU]};
}

}  // namespace usbproxy::firewall
