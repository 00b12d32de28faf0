// SPDX-License-Identifier: GPL-2.0-or-later
// What of a device's capabilities a service lets through, and what the device made of it looks
// like.
#pragma once

#include <string>

#include "base/wire/result.hpp"
#include "input-proxy/capabilities.hpp"

namespace inputproxy {

// Whether a class of codes may pass. Any service takes EV_SYN.
struct Accepted {
  bool keyboard = false;  // all keys, LEDs, with the extension scan codes
  bool mouse = false;     // relative axes and a mouse's buttons
  bool tablet = false;    // absolute axes, a pen's and a finger's buttons, properties
  bool games = false;     // with keyboard: buttons, sticks and wheels of game controllers too
};

// The service's classes by its name; nothing for a name that is no input service:
//   qubes.InputMouse     mouse
//   qubes.InputKeyboard  keyboard and mouse
//   qubes.InputTablet    tablet and mouse
std::optional<Accepted> accepted_by(std::string_view service);

inline constexpr std::int32_t max_slot = 31;  // fingers; uinput allocates for each

// The part of `untrusted` that may pass. Refused, with a sentence for people: a name with anything
// but printable ASCII; an axis whose minimum is not below its maximum (both 0: only that axis is
// left out, as receivers have always done); more touch slots than max_slot; nothing left at all.
// Fuzz, flat and resolution that make no sense become 0, the value goes to the nearest in range.
base::Result<Capabilities> accept(const Capabilities& untrusted, Accepted accepted,
                                  Features features);

// Of a joystick, a gamepad or a wheel.
bool is_game_button(std::size_t code);
// It has a joystick's or gamepad's buttons and axes, whatever else it says it has.
bool is_game_controller(const Capabilities& capabilities);

// A keyboard as far as digits can be typed on it: 0 to 9, of the row or of the pad.
bool can_type_digits(const Capabilities& capabilities);

}  // namespace inputproxy
