// SPDX-License-Identifier: GPL-2.0-or-later
// How long each class-specific descriptor that is known must be, and which ids it has.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "usbproxy/firewall/descriptor.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy::firewall {

// A piece of a descriptor, in order.
struct Part {
  enum class Kind : std::uint8_t {
    none,       // the end
    fixed,      // `size` bytes
    list,       // as many times `size` bytes as the byte before says
    intervals,  // as many times `size` bytes as byte `at` says; `other` bytes when that is 0
    product,    // byte `at` times byte `other`
    rest,       // what is left: at least `size` bytes
  };
  Kind kind = Kind::none;
  std::uint8_t size = 0, at = 0, other = 0;
};

struct Shape {
  std::uint8_t subtype = 0;  // byte 2; not of class_device
  std::array<Part, 6> parts{};
  // Units and terminals of audio and video: where their own id is and whose output they take.
  std::uint8_t id_at = 0;
  std::uint8_t source_at = 0;        // one byte; 0: none
  std::uint8_t other_source_at = 0;  // a clock
  enum class List : std::uint8_t { other, sources, interfaces } first_list = List::other;
  std::uint8_t total_at = 0;   // u16: length of all class-specific descriptors of the setting
  std::uint8_t string_at = 0;  // the number of a string; name_is_last: the last byte
};
inline constexpr std::uint8_t name_is_last = 0xff;

enum class Position { interface, endpoint };

// bInterfaceSubClass of audio and video.
inline constexpr std::uint8_t control_subclass = 1;
inline constexpr std::uint8_t streaming_subclass = 2;
inline constexpr std::uint8_t midi_subclass = 3;

// The kernel's drivers take every bInterfaceProtocol that they do not know for the first version,
// and devices do have others (QEMU's has 4).
enum class AudioVersion { first, second, unknown };
AudioVersion audio_version(const InterfaceClass& kind);

// The shape of a descriptor in an alternate setting of this kind; null: not known there.
const Shape* find_shape(const InterfaceClass& kind, Position position, const Descriptor& in);

// How many of its bytes the shape covers; nothing when it is too short for what it says.
std::optional<std::size_t> covered(const Shape& shape, const Descriptor& in);

}  // namespace usbproxy::firewall
