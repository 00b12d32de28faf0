// SPDX-License-Identifier: GPL-2.0-or-later
// Events by a word, for tests.
#pragma once

#include <linux/input-event-codes.h>

#include "input-proxy/event.hpp"

namespace inputproxy {

inline constexpr Event report{.type = EV_SYN, .code = SYN_REPORT, .value = 0};

constexpr Event key(int code, std::int32_t value) {
  return {.type = EV_KEY, .code = static_cast<std::uint16_t>(code), .value = value};
}
constexpr Event rel(int code, std::int32_t value) {
  return {.type = EV_REL, .code = static_cast<std::uint16_t>(code), .value = value};
}
constexpr Event abs(int code, std::int32_t value) {
  return {.type = EV_ABS, .code = static_cast<std::uint16_t>(code), .value = value};
}

}  // namespace inputproxy
