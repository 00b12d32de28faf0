// SPDX-License-Identifier: GPL-2.0-or-later
// Whether usbredir's tables say what the pinned descriptors say.
#pragma once

#include <optional>
#include <string>

#include "usbproxy/device_table.hpp"
#include "usbproxy/firewall/model.hpp"

namespace usbproxy {

// The first difference between the tables and what `setting` has; nothing: there is none. Both come
// from the backend, but transfers go by the tables and the target's drivers by the descriptors.
std::optional<std::string> table_difference(const DeviceTable& table,
                                            const firewall::Device& device,
                                            const firewall::Setting& setting);

// What the device was introduced as, and what was approved, against its descriptors.
std::optional<std::string> identity_difference(const DeviceTable& table,
                                               const firewall::Device& device,
                                               const firewall::Setting& setting,
                                               std::u16string_view serial);

}  // namespace usbproxy
