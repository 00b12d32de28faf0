// SPDX-License-Identifier: GPL-2.0-or-later
// Values that descriptors, tables and packets have in common.
#pragma once

#include <cstdint>

namespace usbproxy {

// usbredir's numbers.
enum class Speed : std::uint8_t { low = 0, full = 1, high = 2, super = 3 };

struct InterfaceClass {
  std::uint8_t code = 0, subclass = 0, protocol = 0;
  friend bool operator==(const InterfaceClass&, const InterfaceClass&) = default;
};

// The 8 bytes of a control transfer's setup stage (USB 2.0, 9.3).
struct Setup {
  std::uint8_t request_type = 0, request = 0;
  std::uint16_t value = 0, index = 0, length = 0;
  friend bool operator==(const Setup&, const Setup&) = default;
};

// bInterfaceClass (usb.org, Defined Class Codes).
namespace class_code {
inline constexpr std::uint8_t audio = 0x01;
inline constexpr std::uint8_t communications = 0x02;
inline constexpr std::uint8_t hid = 0x03;
inline constexpr std::uint8_t still_image = 0x06;
inline constexpr std::uint8_t printer = 0x07;
inline constexpr std::uint8_t mass_storage = 0x08;
inline constexpr std::uint8_t hub = 0x09;
inline constexpr std::uint8_t smart_card = 0x0b;
inline constexpr std::uint8_t video = 0x0e;
inline constexpr std::uint8_t wireless = 0xe0;
inline constexpr std::uint8_t miscellaneous = 0xef;
inline constexpr std::uint8_t application = 0xfe;
inline constexpr std::uint8_t vendor = 0xff;
}  // namespace class_code

}  // namespace usbproxy
