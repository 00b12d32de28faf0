// SPDX-License-Identifier: GPL-2.0-or-later
// Reads what the kernel says of the USB devices in this qube from sysfs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sys-usb/device_record.hpp"

namespace sysusb {

// A qube's inventory at dom0 has this many places.
inline constexpr std::size_t max_devices = 64;

struct SeenDevice {
  DeviceRecord record;
  // All interfaces of the active configuration are there; false while the kernel still sets it up,
  // and for a device that has no configuration.
  bool complete = false;
  // The kernel resets its port: until that has ended it has no address, and sysfs says devnum 0
  // (hub_port_reset in drivers/usb/core/hub.c). It comes back under its old one, or not at all.
  bool in_reset = false;
};

// Ports with a device that may be lent, sorted, at most max_devices: no hubs, nothing below
// vhci_hcd.
std::vector<std::string> list_ports(const std::filesystem::path& sysfs);
// Nothing when the device is gone, or is none that list_ports would name.
std::optional<SeenDevice> read_device(const std::filesystem::path& sysfs,
                                      const std::string& port_id);

}  // namespace sysusb
