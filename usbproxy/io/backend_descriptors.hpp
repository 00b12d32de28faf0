// SPDX-License-Identifier: GPL-2.0-or-later
// What the device in this process's hands says it is, by the kernel's own copy.
#pragma once

#include <libusb.h>

#include "base/io/fd.hpp"
#include "usbproxy/device_guard.hpp"
#include "usbproxy/firewall/rights.hpp"
#include "usbproxy/io/backend_device.hpp"

namespace usbproxy {

// The guard of a device, whose usbfs node `node` is and that libusb has as `handle`: its
// descriptors judged, the part that `rights` give.
base::Result<DeviceGuard, BackendRefusal> guard_of(const base::io::Fd& node,
                                                   libusb_device_handle* handle,
                                                   const firewall::Rights& rights);

}  // namespace usbproxy
