// SPDX-License-Identifier: GPL-2.0-or-later
// What a sender has read and the stream has not taken yet: bounded, and motion in it does not lag.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "input-proxy/event.hpp"

namespace inputproxy {

// A ring of events. When frames wait behind a slow receiver, motion is added up: a frame of only
// relative motion is merged into the waiting one before it if that is of the same kind, and a frame
// of only absolute positions replaces the values of the one before. Keys, buttons, fingers and all
// else stay as they are, in order; nothing is dropped. Allocates only when made.
class SendQueue {
 public:
  static constexpr std::size_t max_events = 8192;
  // A frame beyond this is passed on in pieces; no device of the kernel's makes such.
  static constexpr std::size_t max_frame = 256;

  SendQueue();

  // One more frame may not fit: stop reading the device, whose kernel then counts what it drops.
  bool full() const { return count_ + max_frame > max_events; }
  bool empty() const { return count_ == 0 && wire_begin_ == wire_end_; }
  std::size_t size() const { return count_; }
  // How many events can be pushed, whatever they are.
  std::size_t room() const { return max_events - count_ - frame_.size(); }

  // Only while not full().
  void push(const Event& event);
  // Encoded bytes for the stream; what is offered here once is not changed any more.
  std::span<const std::byte> offer();
  void written(std::size_t size) { wire_begin_ += size; }

 private:
  enum class Kind { empty, motion, position, other };
  static constexpr std::size_t batch = 128;  // events encoded at a time

  Event& at(std::size_t index) { return ring_[(first_ + index) % max_events]; }
  void append(const Event& event);
  static Kind kind_of(std::span<const Event> frame);
  bool merge();

  std::vector<Event> ring_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t last_frame_ = 0;  // length of the last whole frame in the ring; 0: none waits
  Kind last_kind_ = Kind::empty;
  std::vector<Event> frame_;  // being read
  std::array<std::byte, batch * event_size> wire_{};
  std::size_t wire_begin_ = 0;
  std::size_t wire_end_ = 0;
};

}  // namespace inputproxy
