// SPDX-License-Identifier: GPL-2.0-or-later
// What follows from an isochronous endpoint's descriptor for its stream.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "usbproxy/device_table.hpp"
#include "usbproxy/usbip.hpp"

namespace usbproxy {

struct IsoShape {
  std::chrono::nanoseconds interval{1};  // from one packet to the next: 125 us to 1.024 s
  std::uint16_t packet_size = 1;         // the most that one brings, 1..65535 bytes
  // What the backend is asked for: packets_per_urb 1..32, urbs 2..16. An OUT stream starts there
  // once half of these packets have come, and the other half is room for jitter (usbredirhost.c).
  std::uint8_t packets_per_urb = 1;
  std::uint8_t urbs = 2;
  // IN: so many packets should wait here, against jitter. OUT: so many may have been sent whose
  // time has not come.
  std::size_t ahead = 1;

  friend bool operator==(const IsoShape&, const IsoShape&) = default;
};

// `endpoint` is isochronous, checked against its descriptor.
IsoShape iso_shape(const Endpoint& endpoint, Speed speed, usbip::Direction direction);

}  // namespace usbproxy
