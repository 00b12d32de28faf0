// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/sender_session.hpp"

#include <linux/input-event-codes.h>

#include <algorithm>

namespace inputproxy {

SenderSession::SenderSession(const Capabilities& device, Features offered)
    : device_(device), offered_(offered), greeting_(encode_greeting(device, offered)) {
  for (auto& finger : known_.fingers) finger[ABS_MT_TRACKING_ID] = -1;
  for (std::size_t axis = 0; axis < abs_count; ++axis) {
    known_.axes.at(axis) = device.ranges.at(axis).value;
  }
}

// Until the other side has answered the offer, it gets what protocol v1 has and nothing else.
void SenderSession::event(const Event& event) {
  if (event.type == EV_SYN && event.code == SYN_DROPPED) {
    dropping_ = true;  // until the end of this frame all is what the kernel has lost count of
    return;
  }
  if (dropping_) {
    if (event.type != EV_SYN || event.code != SYN_REPORT) return;
    dropping_ = false;
    wants_state_ = true;
    return;
  }
  if (event.type == EV_MSC && !has(accepted_, Feature::scan_codes)) return;
  if (event.type == EV_KEY && event.value == 2 && has(accepted_, Feature::no_repeats)) return;
  pass(event);
}

void SenderSession::pass(const Event& event) {
  if (event.type == EV_KEY && event.code < known_.keys.size()) {
    known_.keys[event.code] = event.value != 0;
  }
  if (event.type == EV_ABS && event.code < ABS_MT_SLOT) known_.axes.at(event.code) = event.value;
  queue_.push(event);
}

void SenderSession::state(const DeviceState& now) {
  wants_state_ = false;
  for (std::size_t code = 0; code < now.keys.size(); ++code) {
    if (now.keys[code] == known_.keys[code]) continue;
    pass({.type = EV_KEY,
          .code = static_cast<std::uint16_t>(code),
          .value = now.keys[code] ? 1 : 0});
  }
  for (std::uint16_t axis = 0; axis < ABS_MT_SLOT; ++axis) {
    if (!device_.axes[axis] || now.axes.at(axis) == known_.axes.at(axis)) continue;
    pass({.type = EV_ABS, .code = axis, .value = now.axes.at(axis)});
  }
  for (std::size_t slot = 0; slot < std::min(now.slots, max_slots); ++slot) {
    const auto& finger = now.fingers.at(slot);
    pass({.type = EV_ABS, .code = ABS_MT_SLOT, .value = static_cast<std::int32_t>(slot)});
    for (std::uint16_t axis = ABS_MT_SLOT + 1; axis < abs_count; ++axis) {
      const bool there = finger[ABS_MT_TRACKING_ID] >= 0 || axis == ABS_MT_TRACKING_ID;
      if (!device_.axes[axis] || !there) continue;
      pass({.type = EV_ABS, .code = axis, .value = finger.at(axis)});
    }
  }
  if (now.slots > 0) {
    // What follows is about the slot that the device spoke of last.
    pass({.type = EV_ABS, .code = ABS_MT_SLOT, .value = now.axes[ABS_MT_SLOT]});
  }
  pass({.type = EV_SYN, .code = SYN_REPORT, .value = 0});
}

std::span<const std::byte> SenderSession::offer() {
  if (greeting_sent_ < greeting_.size()) return std::span(greeting_).subspan(greeting_sent_);
  return queue_.offer();
}

void SenderSession::written(std::size_t size) {
  if (greeting_sent_ < greeting_.size()) {
    greeting_sent_ += size;
  } else {
    queue_.written(size);
  }
}

std::span<std::byte> SenderSession::space() { return std::span(buffer_).subspan(filled_); }

void SenderSession::filled(std::size_t size, std::vector<Event>& lights) {
  filled_ += std::min(size, buffer_.size() - filled_);
  base::wire::Bytes rest = std::span(buffer_).first(filled_);
  for (; rest.size() >= event_size; rest = rest.subspan(event_size)) {
    const Event event = parse_event(rest.first(event_size));
    if (event.type == answer_type && event.code == answer_features) {
      answered(static_cast<Features>(event.value));
    }
    const bool light = event.type == EV_LED && event.code < device_.leds.size() &&
                       device_.leds[event.code] && (event.value == 0 || event.value == 1);
    if (light) lights.push_back(event);
  }
  std::ranges::copy(rest, buffer_.begin());  // towards the front: may overlap
  filled_ = rest.size();
}

void SenderSession::answered(Features accepted) {
  accepted_ = accepted & offered_;
  if (has(accepted_, Feature::touch_state) && device_.axes[ABS_MT_SLOT]) wants_state_ = true;
}

}  // namespace inputproxy
