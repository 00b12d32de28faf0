// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/pairing.hpp"

#include <linux/input-event-codes.h>

namespace inputproxy {

std::optional<char> digit_of(std::uint16_t code) {
  switch (code) {
    case KEY_0:
    case KEY_KP0:
      return '0';
    case KEY_KP1:
      return '1';
    case KEY_KP2:
      return '2';
    case KEY_KP3:
      return '3';
    case KEY_KP4:
      return '4';
    case KEY_KP5:
      return '5';
    case KEY_KP6:
      return '6';
    case KEY_KP7:
      return '7';
    case KEY_KP8:
      return '8';
    case KEY_KP9:
      return '9';
    default:
      if (code < KEY_1 || code > KEY_9) return std::nullopt;
      return static_cast<char>('1' + (code - KEY_1));
  }
}

Pairing::State Pairing::key(std::uint16_t code, std::int32_t value, std::chrono::nanoseconds now) {
  if (tick(now) != State::waiting || value != 1) return state_;
  if (code == KEY_BACKSPACE && !typed_.empty()) {
    typed_.pop_back();
    return state_;
  }
  const auto digit = digit_of(code);
  if (!digit) {
    if (++others_ > max_other_keys) return fail("other keys were typed than the digits");
    return state_;
  }
  if (typed_.empty()) first_ = now;
  typed_.push_back(*digit);
  if (now < first_after) return fail("the digits came before a person could have read them");
  if (typed_.size() < digit_count) return state_;
  if (now - first_ < least_time) return fail("the digits came faster than a person types");
  if (typed_ != digits_) return fail("other digits were typed than those that were shown");
  return state_ = State::passed;
}

Pairing::State Pairing::tick(std::chrono::nanoseconds now) {
  if (state_ == State::waiting && now > limit) {
    return fail("the digits were not typed in time");
  }
  return state_;
}

Pairing::State Pairing::fail(const char* reason) {
  reason_ = reason;
  return state_ = State::failed;
}

}  // namespace inputproxy
