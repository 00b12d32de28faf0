// SPDX-License-Identifier: GPL-2.0-or-later
// Every interface that a device describes, whether it is in use or not: those of all configurations
// and all alternate settings, from the bytes that the kernel shows as sysfs's `descriptors`.
//
// The interfaces of the active configuration are what a device is now; these are what it can be
// without being plugged in again. It is also what USBGuard calls `with-interface`.
//
// Pure. What is not well formed throughout describes nothing: half of a list would be taken for the
// whole.
#pragma once

#include <optional>
#include <vector>

#include "sys-usb/device_record.hpp"

namespace sysusb {

// In the order of the bytes, doubles kept. Nothing: malformed, or more than max_described.
std::optional<std::vector<Interface>> described_interfaces(base::wire::Bytes untrusted);

}  // namespace sysusb
