// SPDX-License-Identifier: GPL-2.0-or-later
// The device descriptor (USB 2.0, 9.6.1).
#pragma once

#include "base/wire/reader.hpp"
#include "usbproxy/firewall/model.hpp"
#include "usbproxy/firewall/violation.hpp"

namespace usbproxy::firewall {

inline constexpr std::size_t device_descriptor_size = 18;

Checked<DeviceDescriptor> parse_device(base::wire::Bytes untrusted, Speed speed);

}  // namespace usbproxy::firewall
