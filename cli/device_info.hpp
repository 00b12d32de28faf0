// SPDX-License-Identifier: GPL-2.0-or-later
// Devices and attachments as the Admin API lists them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/device/category.hpp"
#include "base/device/properties.hpp"
#include "base/wire/result.hpp"

namespace cli {

inline constexpr std::string_view unknown_device_id = "0000:0000::?******";
inline constexpr std::string_view any = "*";  // port or device id

struct DeviceInfo {
  std::string backend;
  std::string port_id;
  std::string device_id;
  base::device::DeviceNames names;
  base::device::Properties extras;  // what the tools do not know, without the leading '_'
  bool known = true;                // false: its line could not be read

  std::string port() const { return backend + ":" + port_id; }
};

// The qube that a device's port is held for until it comes back; empty: none.
std::string waits_for(const DeviceInfo& device);

// What a qube uses now, or is to get: in an assignment port and device id
// may be `any`.
struct Attachment {
  std::string backend;
  std::string port_id;
  std::string device_id;
  std::string frontend;
  base::device::Properties options;
  std::string mode = "attached";  // of an assignment "auto-attach", "ask-to-attach", "required"

  std::string port() const { return backend + ":" + port_id; }
};

// "PORT:DEVICE_ID device_id='..' ...". An error if not even the port can be told; a line of which
// only the properties are wrong gives a device that is not `known`.
base::Result<DeviceInfo> parse_available(std::string_view untrusted_line,
                                         std::string_view device_class, std::string_view backend);
// "BACKEND+PORT:DEVICE_ID ...", in the list of `frontend`.
base::Result<Attachment> parse_attached(std::string_view untrusted_line, std::string_view frontend);
// "BACKEND+PORT:DEVICE_ID ... mode='auto-attach' ...", in the assignments of `frontend`. Port and
// device id may be "*".
base::Result<Attachment> parse_assigned(std::string_view untrusted_line, std::string_view frontend);

struct Qube {
  std::string name;
  std::string state;  // "Running"

  bool running() const { return !state.empty() && state != "Halted" && state != "NA"; }
};
// "NAME class=AppVM state=Running"
base::Result<Qube> parse_qube(std::string_view untrusted_line);

// A request's argument for a device: "sys-usb+2-1+0951+1666+60A4+u080650". "*" means any.
std::string device_argument(std::string_view backend, std::string_view port_id,
                            std::string_view device_id);

}  // namespace cli
