// SPDX-License-Identifier: GPL-2.0-or-later
// Devices as the Admin API writes them: identity, request argument, and the lines of its lists.
#pragma once

#include <string>
#include <string_view>

#include "base/device/properties.hpp"
#include "base/wire/result.hpp"
#include "dom0/device.hpp"
#include "dom0/usb_ids.hpp"

namespace dom0 {

// What a request's argument names: "sys-usb+2-1+0951+1666+60A4+u080650", "sys-usb+2-1+_".
struct DeviceRef {
  std::string backend;
  std::string port_id;    // "*": any port
  std::string device_id;  // "*": whatever is there
  friend bool operator==(const DeviceRef&, const DeviceRef&) = default;
};
base::Result<DeviceRef> parse_device_ref(std::string_view untrusted);
std::string format_device_ref(const DeviceRef& ref);

// True if the device is what the reference names (the backend is compared by the caller).
bool matches(const DeviceRef& ref, const Device& device);

// "PORT:DEVICE_ID device_id='..' port_id='..' ..." and a newline. `attachment`: the qube that has
// it, or empty. `extras` are data of ours, {"last-detach", "device gone"}; '_' is put before the
// key.
std::string available_line(const Device& device, const UsbIds& ids, std::string_view backend,
                           std::string_view attachment,
                           const base::device::Properties& extras = {});

// As Qubes' daemon shows a device's options in events: "{}", "{'read-only': 'yes'}".
std::string options_text(const base::device::Properties& options);

// "BACKEND+PORT:DEVICE_ID device_id='..' ... frontend_domain='..'" and a newline, with `options` as
// "_read-only='yes'".
std::string attached_line(const Device& device, std::string_view backend, std::string_view frontend,
                          const base::device::Properties& options = {});

}  // namespace dom0
