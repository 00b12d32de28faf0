// SPDX-License-Identifier: GPL-2.0-or-later
// Plugs an emulated device into a port of this machine's own vhci_hcd (as root).
#pragma once

#include <filesystem>

#include "base/io/fd.hpp"
#include "tests/attacks/emulator/device.hpp"

namespace attacks {

// Debian's vhci_hcd: 8 controllers with 15 ports of each of two speeds
// (CONFIG_USBIP_VHCI_NR_HCS and _HC_PORTS).
inline constexpr unsigned controllers = 8;
inline constexpr unsigned ports_per_hub = 15;

struct VhciPort {
  unsigned controller = 0;
  unsigned number = 0;  // 0..14, of the hub for the device's speed
};

// Our end of the kernel's socket: serve the device there.
base::Result<base::io::Fd> plug_in(const VhciPort& port, Speed speed);

// The folder in sysfs that a device there has once it is known; empty without vhci_hcd.
std::filesystem::path device_folder(const VhciPort& port, Speed speed);
// Both root hubs' folders of a controller.
std::vector<std::filesystem::path> hub_folders(unsigned controller);

// Serves the device there, and what it becomes afterwards, until the last one has left.
base::Status serve(Device device, const VhciPort& port);

}  // namespace attacks
