// SPDX-License-Identifier: GPL-2.0-or-later
// The sender of one device's stream as a state machine: its events in, bytes out; lights back.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "input-proxy/capabilities.hpp"
#include "input-proxy/send_queue.hpp"

namespace inputproxy {

inline constexpr std::size_t max_slots = 32;

// A device as it is at a moment, as the kernel tells it (EVIOCGKEY, EVIOCGABS, EVIOCGMTSLOTS).
struct DeviceState {
  std::bitset<768> keys;
  std::array<std::int32_t, abs_count> axes{};  // up to ABS_MT_SLOT
  std::size_t slots = 0;                       // 0: no fingers are told apart
  // By slot, then by axis; from ABS_MT_SLOT + 1 on. A tracking id of -1: no finger.
  std::array<std::array<std::int32_t, abs_count>, max_slots> fingers{};
};

class SenderSession {
 public:
  // `device` is what is told in the greeting, which is the first that offer() gives.
  explicit SenderSession(const Capabilities& device, Features offered = all_features);

  // What the device said. Only while wants_events().
  void event(const Event& event);
  bool wants_events() const { return !queue_.full(); }
  // The kernel has dropped events, or fingers lie on the device at the start: the caller reads the
  // device's state and tells it.
  bool wants_state() const { return wants_state_ && queue_.room() > max_state; }
  void state(const DeviceState& now);

  // Bytes for the stream; empty: nothing waits.
  std::span<const std::byte> offer();
  void written(std::size_t size);

  // From the stream: read into space(), then tell how much. Lights to set on the device are
  // appended to `lights`; whatever else comes is ignored.
  std::span<std::byte> space();
  void filled(std::size_t size, std::vector<Event>& lights);

 private:
  // Events that a state can be: every key, every axis, every finger.
  static constexpr std::size_t max_state = 768 + abs_count + max_slots * abs_count + 8;

  void pass(const Event& event);
  void answered(Features accepted);

  Capabilities device_;
  Features offered_;
  Features accepted_ = 0;
  std::vector<std::byte> greeting_;
  std::size_t greeting_sent_ = 0;
  SendQueue queue_;
  DeviceState known_;  // what the other side believes
  bool dropping_ = false;
  bool wants_state_ = false;
  std::array<std::byte, 64 * event_size> buffer_{};
  std::size_t filled_ = 0;
};

}  // namespace inputproxy
