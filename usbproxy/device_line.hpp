// SPDX-License-Identifier: GPL-2.0-or-later
// The line of text with which Qubes' own qubes.USB introduces a device; USB/IP follows behind it.
#pragma once

#include <cstdint>
#include <string>

#include "usbproxy/usb_values.hpp"

namespace usbproxy {

// "DEVID SPEED\n": a decimal number that the target's kernel puts into each request and does not
// look at (usbip-host's is the bus number << 16 | the device's), and the words of sysfs for speeds.
std::string device_line(std::uint32_t devid, Speed speed);

}  // namespace usbproxy
