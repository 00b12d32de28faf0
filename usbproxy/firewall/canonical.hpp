// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptors written anew from the model: lengths, counts and totals fit by construction.
#pragma once

#include <cstddef>
#include <vector>

#include "usbproxy/firewall/model.hpp"

namespace usbproxy::firewall {

std::vector<std::byte> write_device(const DeviceDescriptor& device);
std::vector<std::byte> write_configuration(const Configuration& configuration, Speed speed);
// The HID descriptor of a setting; empty when it has none.
std::vector<std::byte> write_hid_descriptor(const Alternate& alternate);

}  // namespace usbproxy::firewall
