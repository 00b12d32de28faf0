// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/iso_shape.hpp"

#include <algorithm>

#include "usbproxy/iso_buffer.hpp"

namespace usbproxy {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr nanoseconds urb_time = milliseconds(10);     // a hundred completions a second
constexpr nanoseconds in_time = milliseconds(40);      // under way in sys-usb's kernel
constexpr nanoseconds out_time = milliseconds(80);     // twice what is to wait there
constexpr nanoseconds jitter_time = milliseconds(50);  // to wait here
// The bounds of usbredirhost.c.
constexpr std::int64_t max_packets_per_urb = 32, max_urbs = 16;

std::int64_t ceil_div(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

// bInterval is an exponent of frames, or of microframes (USB 2.0, 9.6.6); beyond 1.024 s Linux asks
// more often (drivers/usb/core/urb.c).
nanoseconds interval_of(const Endpoint& endpoint, Speed speed) {
  const bool frames = speed == Speed::low || speed == Speed::full;
  const unsigned most = frames ? 10 : 13;
  const unsigned exponent = std::min<unsigned>(std::max<unsigned>(endpoint.interval, 1) - 1, most);
  return (frames ? microseconds(1000) : microseconds(125)) * (std::int64_t{1} << exponent);
}

}  // namespace

IsoShape iso_shape(const Endpoint& endpoint, Speed speed, usbip::Direction direction) {
  IsoShape shape;
  shape.interval = interval_of(endpoint, speed);
  shape.packet_size = std::max<std::uint16_t>(endpoint.max_packet_size, 1);
  const std::int64_t packets =
      std::clamp<std::int64_t>(urb_time / shape.interval, 1, max_packets_per_urb);
  const bool in = direction == usbip::Direction::in;
  const nanoseconds urb = packets * shape.interval;
  const std::int64_t urbs = std::clamp<std::int64_t>(
      ceil_div((in ? in_time : out_time).count(), urb.count()), 2, max_urbs);
  shape.packets_per_urb = static_cast<std::uint8_t>(packets);
  shape.urbs = static_cast<std::uint8_t>(urbs);
  const std::int64_t wait = in ? jitter_time / shape.interval : packets * urbs / 2;
  const auto most = static_cast<std::int64_t>(IsoBuffer::capacity_of(shape.packet_size) / 2);
  shape.ahead = static_cast<std::size_t>(std::clamp<std::int64_t>(wait, 1, in ? most : wait));
  return shape;
}

}  // namespace usbproxy
