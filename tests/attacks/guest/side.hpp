// SPDX-License-Identifier: GPL-2.0-or-later
// Which part of vhci_hcd plays which side, and what sysfs shows of it. All of the machine has one
// kernel; the controllers tell the sides apart.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/wire/result.hpp"
#include "tests/attacks/emulator/io/vhci.hpp"

namespace attacks {

// The frontend takes the first free port, so the first controller is the target's; sys-usb's
// devices are plugged into the last.
inline constexpr unsigned target_controller = 0;
inline constexpr unsigned source_controller = controllers - 1;

// On sys-usb's side no driver binds: interfaces there are not authorised, and writing
// `authorized` later probes none (drivers/usb/core/message.c). So what a driver does, and what the
// kernel says of it, is of the target's side.
base::Status forbid_drivers_on_source();

// Devices on a side, without hubs.
std::set<std::filesystem::path> devices_on(unsigned controller);
// A configured device's interfaces.
std::vector<std::filesystem::path> interfaces_of(const std::filesystem::path& device);
// Names of the drivers bound to its interfaces.
std::vector<std::string> drivers_of(const std::filesystem::path& device);
// Whether the kernel has chosen a configuration and made all its interfaces.
bool is_configured(const std::filesystem::path& device);
base::Status authorise_interfaces(const std::filesystem::path& device);
std::string node_of(const std::filesystem::path& device);
// Ports in use, of all controllers.
unsigned ports_in_use();
long available_memory_mib();
// /proc/sys/kernel/tainted
long taint();

}  // namespace attacks
