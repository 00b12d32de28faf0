// SPDX-License-Identifier: GPL-2.0-or-later
// What `qvm-usb watch` prints: the devices there are, then a line for each event.
#pragma once

#include <optional>
#include <string>

#include "cli/device_context.hpp"
#include "cli/event_stream.hpp"

namespace cli {

// An event about a device, taken apart.
struct DeviceEvent {
  std::string name;     // "added", "removed", "attach", "detach", "assign", ...
  std::string qube;     // whom it is told of: of "added" the backend, of "attach" the frontend
  std::string backend;  // empty: the event names no device
  std::string port_id;
  std::string device_id;           // empty: not told
  base::device::Properties facts;  // what else is told

  std::string port() const { return backend + ":" + port_id; }
};

// Nothing, for an event of another class of devices, of none, or one that only announces another.
std::optional<DeviceEvent> device_event(const AdminEvent& event, std::string_view device_class);

// The time is an argument, "2026-11-23 08:30:01".
class WatchView {
 public:
  WatchView(const DeviceCommand& command, const Admin& admin) : command_(command), admin_(admin) {}

  // The present list; also the outcome to stop with, if that cannot be had.
  Outcome present(const std::string& now) const;
  // The event's line, or nothing if it is none of those asked for.
  std::string line_of(const AdminEvent& event, const std::string& now) const;

 private:
  bool wanted(const DeviceEvent& event) const;
  const DeviceInfo* find(DeviceCatalogue& catalogue, const DeviceEvent& event) const;

  const DeviceCommand& command_;
  const Admin& admin_;
};

}  // namespace cli
