// SPDX-License-Identifier: GPL-2.0-or-later
// A device's descriptors as the kernel that enumerated it keeps them.
#pragma once

#include "base/wire/reader.hpp"
#include "usbproxy/firewall/model.hpp"
#include "usbproxy/firewall/violation.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy::firewall {

inline constexpr std::size_t max_cached_descriptors =
    18 + max_configurations * max_configuration_size;

// The device descriptor and behind it every configuration, as a usbfs node is read (Linux,
// Documentation/driver-api/usb/usb.rst). Judged as strictly as what the frontend reads itself.
Checked<Device> parse_cached_descriptors(base::wire::Bytes untrusted, Speed speed);

}  // namespace usbproxy::firewall
