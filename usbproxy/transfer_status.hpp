// SPDX-License-Identifier: GPL-2.0-or-later
// How a transfer ended, from the kernels' numbers to usbredir's.
#pragma once

#include <cstdint>

namespace usbproxy {

// `error`: 0 or a negated errno (linux/Documentation/driver-api/usb/error-codes.rst).
std::uint8_t transfer_status(std::int32_t error);

}  // namespace usbproxy
