// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that a qube does not start without: what the daemon's lists say of them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sysusb {

struct RequiredDevice {
  std::string backend;
  std::string port_id;    // "*": any
  std::string device_id;  // "*": any

  // "sys-usb:sda:0951:1666:60A4:u080650:1.0"
  std::string name() const { return backend + ":" + port_id + ":" + device_id; }
  friend bool operator==(const RequiredDevice&, const RequiredDevice&) = default;
};

// Of the answer of admin.vm.device.CLASS.Assigned. A line that cannot be read is no assignment.
std::vector<RequiredDevice> required_devices(std::string_view untrusted_assigned);
// Whether its backend's admin.vm.device.CLASS.Available has it.
bool is_available(const RequiredDevice& device, std::string_view untrusted_available);

}  // namespace sysusb
