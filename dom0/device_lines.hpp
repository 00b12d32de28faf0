// SPDX-License-Identifier: GPL-2.0-or-later
// Devices as the Admin API writes them: identity, request argument, and the lines of its lists.
#pragma once

#include <string>
#include <string_view>

#include "base/device/properties.hpp"
#include "base/wire/result.hpp"
#include "dom0/usb_ids.hpp"
#include "sys-usb/device_record.hpp"

namespace dom0 {

// A USB string has at most 126 characters.
inline constexpr std::size_t max_identity_serial = 126;
// vvvv:pppp:SERIAL: and seven characters for each of 32 interfaces
inline constexpr std::size_t max_device_id =
    4 + 1 + 4 + 1 + max_identity_serial + 1 + std::size_t{7} * 32;

// "u080650"
std::string interface_code(const sysusb::Interface& interface);

// What the device claims to be: "0951:1666:60A4:u080650". In the serial everything but letters,
// digits, '.', '_' and '-' is '_', so that the id survives the way through a request's argument.
// A device without interfaces has the unknown one, "?******".
std::string device_id(const sysusb::DeviceRecord& record);

// What a request's argument names: "sys-usb+2-1+0951+1666+60A4+u080650", "sys-usb+2-1+_".
struct DeviceRef {
  std::string backend;
  std::string port_id;    // "*": any port
  std::string device_id;  // "*": whatever is there
  friend bool operator==(const DeviceRef&, const DeviceRef&) = default;
};
base::Result<DeviceRef> parse_device_ref(std::string_view untrusted);
std::string format_device_ref(const DeviceRef& ref);

// True if the record is what the reference names (the backend is compared by the caller).
bool matches(const DeviceRef& ref, const sysusb::DeviceRecord& record);

// "PORT:DEVICE_ID device_id='..' port_id='..' ..." and a newline. `attachment`: the qube that has
// it, or empty. `extras` are data of ours, {"last-detach", "device gone"}; '_' is put before the
// key.
std::string available_line(const sysusb::DeviceRecord& record, const UsbIds& ids,
                           std::string_view backend, std::string_view attachment,
                           const base::device::Properties& extras = {});

// "BACKEND+PORT:DEVICE_ID device_id='..' ... frontend_domain='..'" and a newline, with `options` as
// "_read-only='yes'".
std::string attached_line(const sysusb::DeviceRecord& record, std::string_view backend,
                          std::string_view frontend, const base::device::Properties& options = {});

}  // namespace dom0
