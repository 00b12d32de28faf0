// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the device that is plugged into a port, and makes sure that one backend at a time has it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/io/fd.hpp"
#include "base/wire/result.hpp"
#include "usbproxy/backend_header.hpp"

namespace usbproxy {

// Why a device is not to be had: goes to the frontend in the header and to stderr.
struct BackendRefusal {
  BackendStatus status = BackendStatus::internal;
  std::string reason;
};

base::Unexpected<BackendRefusal> refuse(BackendStatus status, std::string reason);

struct DeviceAddress {
  std::uint32_t bus = 0;
  std::uint32_t device = 0;
};

// Hubs, and devices that another qube lent to this one (behind vhci), are refused.
base::Result<DeviceAddress, BackendRefusal> find_device(std::string_view port_id,
                                                        const std::filesystem::path& sysfs);

// The lock lasts until the fd is closed or the process dies. An earlier backend may still be giving
// the device back to the kernel's drivers, so a held lock is tried again until `patience` is over.
base::Result<base::io::Fd, BackendRefusal> lock_port(std::string_view port_id,
                                                     std::chrono::milliseconds patience);

// As if it were plugged in anew, with its drivers still at it. One that comes back as another
// device is gone for `node`.
base::Result<base::Ok, BackendRefusal> reset_device(const base::io::Fd& node);

}  // namespace usbproxy
