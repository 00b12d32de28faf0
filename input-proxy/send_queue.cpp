// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/send_queue.hpp"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <limits>

namespace inputproxy {
namespace {

// A sum that no device moves, and a kernel cannot hold, stays at the end.
std::int32_t sum(std::int32_t a, std::int32_t b) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::clamp(std::int64_t{a} + b, -most, most));
}

bool is_report(const Event& event) { return event.type == EV_SYN && event.code == SYN_REPORT; }

}  // namespace

SendQueue::SendQueue() : ring_(max_events) { frame_.reserve(max_frame); }

void SendQueue::push(const Event& event) {
  frame_.push_back(event);
  if (!is_report(event) && frame_.size() < max_frame) return;
  const Kind kind = kind_of(frame_);
  const bool mergeable = kind == Kind::motion || kind == Kind::position;
  if (!mergeable || kind != last_kind_ || last_frame_ == 0 || !merge()) {
    for (const Event& each : frame_) append(each);
    last_frame_ = frame_.size();
    last_kind_ = kind;
  }
  frame_.clear();
}

void SendQueue::append(const Event& event) {
  ++count_;
  at(count_ - 1) = event;
}

SendQueue::Kind SendQueue::kind_of(std::span<const Event> frame) {
  if (!is_report(frame.back())) return Kind::other;
  const auto body = frame.first(frame.size() - 1);
  const auto moves = [](const Event& event) { return event.type == EV_REL; };
  // Fingers have a history (which slot, which contact): their frames are not to be mixed.
  const auto places = [](const Event& event) {
    return event.type == EV_ABS && event.code < ABS_MT_SLOT;
  };
  if (body.empty()) return Kind::empty;
  if (std::ranges::all_of(body, moves)) return Kind::motion;
  return std::ranges::all_of(body, places) ? Kind::position : Kind::other;
}

// Adds frame_ to the last one that waits. A code that that one does not have yet goes in before its
// end; false if it would grow beyond a frame.
bool SendQueue::merge() {
  const std::size_t body = frame_.size() - 1;
  if (last_frame_ + body > max_frame) return false;
  for (std::size_t i = 0; i < body; ++i) {
    const Event& event = frame_[i];
    const std::size_t begin = count_ - last_frame_;
    std::size_t place = begin;
    while (place < count_ - 1 && at(place).code != event.code) ++place;
    if (place < count_ - 1) {
      Event& waiting = at(place);
      waiting.value = last_kind_ == Kind::motion ? sum(waiting.value, event.value) : event.value;
      continue;
    }
    const Event report = at(count_ - 1);
    at(count_ - 1) = event;
    append(report);
    ++last_frame_;
  }
  return true;
}

std::span<const std::byte> SendQueue::offer() {
  if (wire_begin_ == wire_end_ && count_ > 0) {
    const std::size_t taken = std::min(count_, batch);
    for (std::size_t i = 0; i < taken; ++i) encode_event(at(i), wire_.data() + i * event_size);
    first_ = (first_ + taken) % max_events;
    count_ -= taken;
    // A frame that is on its way, in part or whole, takes no more motion.
    if (count_ < last_frame_) last_frame_ = 0;
    wire_begin_ = 0;
    wire_end_ = taken * event_size;
  }
  return std::span(wire_).subspan(wire_begin_, wire_end_ - wire_begin_);
}

}  // namespace inputproxy
