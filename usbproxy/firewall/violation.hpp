// SPDX-License-Identifier: GPL-2.0-or-later
// Which byte of which descriptor broke which rule: for the user, and for the audit log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/wire/result.hpp"

namespace usbproxy::firewall {

// All texts are our own: what the device sent appears in them as numbers only.
struct Violation {
  std::string where;       // "configuration 1", "string 3"
  std::size_t offset = 0;  // of the byte, from the beginning of `where`
  std::string subject;     // "endpoint 0x81"; may be empty
  std::string rule;        // what is wrong, and the clause that says so

  // "configuration 1, offset 34: endpoint 0x81: wMaxPacketSize 2048 exceeds 1024 (USB 2.0, 5.7.3)"
  std::string text() const;
  friend bool operator==(const Violation&, const Violation&) = default;
};

template <class T>
using Checked = base::Result<T, Violation>;

// "0x81"
std::string hex_byte(std::uint8_t value);

}  // namespace usbproxy::firewall
