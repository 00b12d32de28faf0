// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/gate.hpp"

#include <linux/input-event-codes.h>

#include <algorithm>

namespace inputproxy {
namespace {

template <std::size_t bits>
bool in(const std::bitset<bits>& set, std::uint16_t code) {
  return code < bits && set[code];
}

}  // namespace

const char* describe(GateError error) {
  switch (error) {
    case GateError::unknown_sync:
      return "the sender sends a synchronisation that does not exist";
    case GateError::endless_frame:
      return "the sender sends a frame without an end";
  }
  return "unknown";
}

Gate::Gate(const Capabilities& device, const KeyRules& rules) : device_(device), rules_(rules) {
  frame_.reserve(max_frame + 1);
}

bool Gate::declared(const Event& event) const {
  if (!in(device_.types, event.type)) return false;
  switch (event.type) {
    case EV_KEY:
      return in(device_.keys, event.code);
    case EV_REL:
      return in(device_.rels, event.code);
    case EV_ABS:
      return in(device_.axes, event.code);
    case EV_MSC:
      return in(device_.mscs, event.code);
    case EV_LED:
      return in(device_.leds, event.code);
    default:
      return false;
  }
}

base::Result<base::Ok, GateError> Gate::push(const Event& untrusted, std::vector<Event>& out) {
  if (untrusted.type == EV_SYN) {
    if (untrusted.code >= SYN_CNT) return base::Unexpected{GateError::unknown_sync};
    if (untrusted.code == SYN_MT_REPORT && device_.types[EV_ABS] && !frame_.empty()) {
      add({.type = EV_SYN, .code = SYN_MT_REPORT, .value = 0});
    }
    if (untrusted.code != SYN_REPORT) return base::Ok{};
    since_report_ = 0;
    if (frame_.empty()) return base::Ok{};
    add({.type = EV_SYN, .code = SYN_REPORT, .value = 0});
    send(out);
    return base::Ok{};
  }
  if (++since_report_ > max_frame) return base::Unexpected{GateError::endless_frame};
  if (!declared(untrusted)) return base::Ok{};
  Event event = untrusted;
  if (event.type == EV_KEY && !key(event)) return base::Ok{};
  if (event.type == EV_LED && !light(event)) return base::Ok{};
  if (event.type == EV_ABS) axis(event);
  if (event.type == EV_REL) event.value = std::clamp(event.value, -max_relative, max_relative);
  add(event);
  return base::Ok{};
}

void Gate::send(std::vector<Event>& out) {
  for (const Event& event : frame_) {
    if (event.type == EV_KEY) out_[event.code] = event.value != 0;
  }
  out.insert(out.end(), frame_.begin(), frame_.end());
  frame_.clear();
}

bool Gate::key(const Event& event) {
  const bool was_down = held_[event.code];
  switch (event.value) {
    case 0:
      held_.reset(event.code);
      return was_down;
    case 1:
      if (was_down || !rules_.may_press(event.code, held_, elsewhere_)) return false;
      held_.set(event.code);
      return true;
    case 2:
      // A modifier may have gone down since the key did.
      return was_down && rules_.may_press(event.code, held_, elsewhere_);
    default:
      return false;
  }
}

bool Gate::light(const Event& event) {
  const bool on = event.value != 0;
  if (event.value < 0 || event.value > 1 || lights_[event.code] == on) return false;
  lights_[event.code] = on;
  return true;
}

void Gate::axis(Event& event) const {
  const AbsRange& range = device_.ranges.at(event.code);
  // -1 is how a finger goes up, whatever the range.
  if (event.code == ABS_MT_TRACKING_ID && event.value == -1) return;
  event.value = std::clamp(event.value, range.minimum, range.maximum);
}

bool Gate::light_changed(const Event& feedback) {
  return feedback.type == EV_LED && in(device_.leds, feedback.code) && light(feedback);
}

void Gate::release_all(std::vector<Event>& out) {
  frame_.clear();  // of an unfinished frame nothing has gone out, neither a press nor a release
  const std::size_t before = out.size();
  for (std::size_t code = 0; code < out_.size(); ++code) {
    if (out_[code]) {
      out.push_back({.type = EV_KEY, .code = static_cast<std::uint16_t>(code), .value = 0});
    }
  }
  held_.reset();
  out_.reset();
  if (out.size() > before) out.push_back({.type = EV_SYN, .code = SYN_REPORT, .value = 0});
}

}  // namespace inputproxy
