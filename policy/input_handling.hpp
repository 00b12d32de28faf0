// SPDX-License-Identifier: GPL-2.0-or-later
// How an input device is treated once a rule has let it in: parameters of ours after the action.
// They decide nothing about whether a rule matches.
//
//   pair=yes|new|no        whether digits must be typed on a keyboard first; new: unless it is
//   known keys=+vt-media         classes of keys, allowed and denied (base/device/key_class.hpp)
//   injection=ask|off      what types as no person does is stopped and asked about
//   games=yes|no           joystick and gamepad buttons
//   max-keyboards=1..16    of one qube at a time
//   events=N, presses=N    a second, beyond which a device is read more slowly
#pragma once

#include <string>
#include <string_view>

#include "base/wire/result.hpp"

namespace policy {

struct InputHandling {
  enum class Pair { always, unless_known, never } pair = Pair::always;
  unsigned max_keyboards = 4;
  std::string keys = {};  // as written
  bool watch = true;
  bool games = false;
  unsigned events = 0;       // 0: as many as the receiver lets through by itself
  unsigned presses = 0;      // the same
  std::string written = {};  // all of it as written, each with a blank before it

  static bool knows(std::string_view key);
  // Sets `key` (which it knows). The error is the text behind "FILE:LINE: ".
  base::Status set(std::string_view key, std::string_view value);
  // For the receiver: "keys=+vt injection=off games=yes presses=20", what differs from its
  // defaults.
  std::string words() const;
};

}  // namespace policy
