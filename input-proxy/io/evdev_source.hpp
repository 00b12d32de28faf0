// SPDX-License-Identifier: GPL-2.0-or-later
// An input device of this machine's kernel (/dev/input/eventN), taken away from everybody else.
#pragma once

#include <span>

#include "base/io/fd.hpp"
#include "input-proxy/capabilities.hpp"
#include "input-proxy/event.hpp"
#include "input-proxy/sender_session.hpp"

namespace inputproxy::io {

// Owns the open device. While it lives nobody else gets its events (EVIOCGRAB), and it does not
// tell of its own lights: those would go round for ever (EVIOCSMASK).
class EvdevSource {
 public:
  // `device` is open for reading and writing, non-blocking.
  static base::Result<EvdevSource> take(base::io::Fd device);

  const Capabilities& capabilities() const { return capabilities_; }
  int fd() const { return device_.get(); }
  // Fills the front of `events`; 0: nothing now. An error: the device is gone.
  base::Result<std::size_t> read(std::span<Event> events);
  base::Status set_lights(std::span<const Event> lights);
  DeviceState state() const;

 private:
  EvdevSource(base::io::Fd device, Capabilities capabilities)
      : device_(std::move(device)), capabilities_(std::move(capabilities)) {}

  base::io::Fd device_;
  Capabilities capabilities_;
};

}  // namespace inputproxy::io
