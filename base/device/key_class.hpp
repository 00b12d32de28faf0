// SPDX-License-Identifier: GPL-2.0-or-later
// Classes of keys and chords that a forwarded keyboard may or may not press, as a policy names
// them.
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>

#include "base/wire/result.hpp"

namespace base::device {

//   sysrq    Alt with SysRq (the kernel's emergency commands); PrintScreen alone is no matter
//   power    power, sleep, suspend, wake-up, restart
//   vt       Ctrl-Alt-F1 to F24: leaves a graphical session for another console
//   reboot   Ctrl-Alt-Delete
//   console  Alt-F1 to F24, Alt-Left, Alt-Right: other consoles of a text console
//   launch   keys that start programs or run macros
//   media    volume, playback, brightness
//   radio    wireless on and off
enum class KeyClass : std::uint8_t { sysrq, power, vt, reboot, console, launch, media, radio };
inline constexpr std::size_t key_class_count = 8;
std::string_view name_of(KeyClass key_class);

// One bit for each class: allowed.
using KeyClasses = std::bitset<key_class_count>;

// sysrq, power, vt and reboot are denied, the others allowed: the first four end or leave what a
// person works on, and a device that only claims to be a keyboard wants just that.
KeyClasses default_key_classes();
// Changes to that: "+vt-media": classes, each behind + (allowed) or - (denied).
Result<KeyClasses> parse_key_classes(std::string_view text);

}  // namespace base::device
