// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptors as sysfs shows them: of devices that exist, and of some that should not.
#pragma once

#include <string>
#include <string_view>

namespace sysusb::early::test {

// "12 01" -> two bytes
inline std::string bytes(std::string_view hex) {
  std::string out;
  for (; hex.size() >= 2; hex.remove_prefix(hex.size() > 2 ? 3 : 2)) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(0, 2)), nullptr, 16));
  }
  return out;
}

// QEMU's usb-kbd.
inline const std::string plain_keyboard = bytes(
    "12 01 00 02 00 00 00 40 27 06 01 00 00 00 01 04 0b 01 "
    "09 02 22 00 01 01 08 a0 32 "
    "09 04 00 00 01 03 01 01 00 09 21 11 01 00 01 22 3f 00 07 05 81 03 08 00 07");

// A receiver for a keyboard and a mouse (046d:c52b).
inline const std::string receiver = bytes(
    "12 01 00 02 00 00 00 08 6d 04 2b c5 11 24 01 02 00 01 "
    "09 02 54 00 03 01 04 a0 31 "
    "09 04 00 00 01 03 01 01 00 09 21 11 01 00 01 22 3b 00 07 05 81 03 08 00 08 "
    "09 04 01 00 01 03 01 02 00 09 21 11 01 00 01 22 94 00 07 05 82 03 08 00 02 "
    "09 04 02 00 01 03 00 00 00 09 21 11 01 00 01 22 62 00 07 05 83 03 20 00 02");

inline const std::string stick = bytes(
    "12 01 00 02 00 00 00 40 51 09 66 16 10 01 01 02 03 01 "
    "09 02 20 00 01 01 00 80 96 "
    "09 04 00 00 02 08 06 50 00 07 05 81 02 00 02 00 07 05 02 02 00 02 00");

// QEMU's usb-tablet: HID, but no boot device.
inline const std::string tablet = bytes(
    "12 01 00 02 00 00 00 40 27 06 01 00 00 00 01 03 0a 01 "
    "09 02 22 00 01 01 07 a0 32 "
    "09 04 00 00 01 03 00 00 00 09 21 01 00 00 01 22 4a 00 07 05 81 03 08 00 04");

inline const std::string keyboard_and_storage = bytes(
    "12 01 00 02 00 00 00 40 27 06 01 00 00 00 01 04 0b 01 "
    "09 02 39 00 02 01 08 a0 32 "
    "09 04 00 00 01 03 01 01 00 09 21 11 01 00 01 22 3f 00 07 05 81 03 08 00 07 "
    "09 04 01 00 02 08 06 50 00 07 05 82 02 00 02 00 07 05 03 02 00 02 00");

// The storage hides in an alternate setting of the keyboard's interface.
inline const std::string keyboard_or_storage = bytes(
    "12 01 00 02 00 00 00 40 27 06 01 00 00 00 01 04 0b 01 "
    "09 02 39 00 01 01 08 a0 32 "
    "09 04 00 00 01 03 01 01 00 09 21 11 01 00 01 22 3f 00 07 05 81 03 08 00 07 "
    "09 04 00 01 02 08 06 50 00 07 05 82 02 00 02 00 07 05 03 02 00 02 00");

inline const std::string hub = bytes(
    "12 01 00 02 09 00 01 40 e3 05 08 06 02 61 00 01 00 01 "
    "09 02 19 00 01 01 00 e0 32 09 04 00 00 01 09 00 00 00 07 05 81 03 01 00 0c");

// One translator for each port: an alternate setting more.
inline const std::string multi_tt_hub = bytes(
    "12 01 00 02 09 00 02 40 e3 05 10 06 02 61 00 01 00 01 "
    "09 02 29 00 01 01 00 e0 32 "
    "09 04 00 00 01 09 00 01 00 07 05 81 03 01 00 0c "
    "09 04 00 01 01 09 00 02 00 07 05 81 03 01 00 0c");

inline const std::string super_hub = bytes(
    "12 01 00 03 09 00 03 09 e3 05 12 06 02 61 00 01 00 01 "
    "09 02 1f 00 01 01 00 e0 00 "
    "09 04 00 00 01 09 00 00 00 07 05 81 13 02 00 08 06 30 00 00 02 00");

}  // namespace sysusb::early::test
