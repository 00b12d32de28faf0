// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 knows of a device, as the daemon tells it to the tools (sallyport.DeviceFacts).
#pragma once

#include <string>
#include <string_view>

#include "base/wire/result.hpp"
#include "policy/device_facts.hpp"

namespace policy::io {

// `{"backend", "port", "history": "new"|"known"|"changed", "interfaces": [...], "vendor",
// "product": numbers, "serial", "name", "scan": "none"|"clean"|..., "scan_age": seconds or null,
// "described": [...], "usbguard_hash"}`
std::string encode_device_facts(const DeviceFacts& facts);
// Fails if it is no such JSON, or a field is missing.
base::Result<DeviceFacts> parse_device_facts(std::string_view text);

}  // namespace policy::io
