// SPDX-License-Identifier: GPL-2.0-or-later
// One input event as it crosses the stream: the kernel's struct input_event of a 64-bit machine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/wire/reader.hpp"

namespace inputproxy {

// type, code and value are the kernel's (linux/input-event-codes.h).
struct Event {
  std::uint16_t type = 0;
  std::uint16_t code = 0;
  std::int32_t value = 0;
  friend bool operator==(const Event&, const Event&) = default;
};

// Wire: i64 seconds, i64 microseconds (both 0 from us, ignored by us), u16 type, u16 code, i32
// value; little endian. Protocol v1 is the struct in the machine's own layout, so this is what a
// sender on any 64-bit little-endian machine writes.
inline constexpr std::size_t event_size = 24;

// Writes event_size bytes.
void encode_event(const Event& event, std::byte* wire);
// `untrusted` has event_size bytes. Any value is an event: what it may be is the gate's to say.
Event parse_event(base::wire::Bytes untrusted);

}  // namespace inputproxy
