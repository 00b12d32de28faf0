// SPDX-License-Identifier: GPL-2.0-or-later
// The line of text with which Qubes' own qubes.USB introduces a device; USB/IP follows behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/wire/result.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy {

// "DEVID SPEED\n": a decimal number that the target's kernel puts into each request and does not
// look at (usbip-host's is the bus number << 16 | the device's), and the words of sysfs for speeds.
std::string device_line(std::uint32_t devid, Speed speed);

std::optional<std::uint32_t> parse_devid(std::string_view text);

inline constexpr std::size_t max_device_line = 64;  // with its end
struct DeviceLine {
  std::uint32_t devid = 0;
  Speed speed = Speed::high;

  // A line without its end. What follows a second blank is reserved, and not looked at. Faster than
  // SuperSpeed is SuperSpeed here: our vhci_hcd knows no more.
  static base::Result<DeviceLine> parse(std::string_view untrusted);
  friend bool operator==(const DeviceLine&, const DeviceLine&) = default;
};

}  // namespace usbproxy
