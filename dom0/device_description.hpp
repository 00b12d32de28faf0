// SPDX-License-Identifier: GPL-2.0-or-later
// A device in words, for the list, the prompt and the audit log.
#pragma once

#include <string>

#include "base/device/category.hpp"
#include "dom0/device.hpp"
#include "dom0/usb_ids.hpp"

namespace dom0 {

// The device's texts made safe to show (Qubes' rules) and the names from the database.
base::device::DeviceNames names_of(const Device& device, const UsbIds& ids);

// "USB_Storage: Kingston Technology DataTraveler 100 G3"
std::string describe(const Device& device, const UsbIds& ids);

}  // namespace dom0
