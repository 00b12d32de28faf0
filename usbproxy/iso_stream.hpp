// SPDX-License-Identifier: GPL-2.0-or-later
// What a session keeps of one isochronous endpoint.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "usbproxy/iso_buffer.hpp"
#include "usbproxy/iso_clock.hpp"
#include "usbproxy/iso_queue.hpp"
#include "usbproxy/iso_shape.hpp"

namespace usbproxy {

// Of a stream that the backend was asked for.
enum class StreamState { off, starting, on, stopping };

// Of all isochronous packets of a session. Each is an interval of the device.
struct IsoCounters {
  std::uint64_t served = 0;   // came in and were given to the kernel, or went out
  std::uint64_t lost = 0;     // IN: the backend's numbers skip them
  std::uint64_t late = 0;     // not there when their time had come: the kernel got an empty one
  std::uint64_t dropped = 0;  // IN: more than may wait. OUT: the stream to the backend was stuck
  std::uint64_t failed = 0;   // IN: errors of the device. OUT: such messages of the backend
};
// "" if there were none; else for the end of a line: " (isochronous packets: 48000 served, ...)".
std::string describe(const IsoCounters& counters);

struct IsoStream {
  using Time = IsoClock::Time;

  explicit IsoStream(const IsoShape& wanted)
      : shape(wanted), buffer(wanted.packet_size), clock(wanted.interval) {}
  // For another alternate setting; nothing happens if it is the same. Requests stay.
  void reshape(const IsoShape& wanted);
  // Nothing of what was streamed before counts any more.
  void forget();

  IsoShape shape;
  StreamState state = StreamState::off;
  std::uint64_t operation = 0;  // id of the last start or stop
  IsoQueue queue;
  IsoBuffer buffer;  // IN
  IsoClock clock;
  bool flowing = false;               // IN: a packet has come since the start
  std::uint64_t next_out_id = 0;      // OUT
  std::uint32_t frame = 0;            // intervals that the kernel's requests have seen
  Time start_clock_at = Time::max();  // at the latest, when the clock does not run
  Time retry_at = Time::min();        // state off: not before
  Time idle_since = Time::max();      // no request since
};

}  // namespace usbproxy
