// SPDX-License-Identifier: GPL-2.0-or-later
// The tables. Sources: CDC 1.2, 5.2.3 and its subclasses; Audio 1.0 and 2.0, 4.3-4.10; MIDI 1.0, 6;
// Video 1.5, 3; HID 1.11, 6.2.1; CCID 1.1, 5.1; DFU 1.1, 4.1.3; UASP 1.0, 5.3.
#include "usbproxy/firewall/class_shapes.hpp"

#include <algorithm>
#include <span>

namespace usbproxy::firewall {
namespace {

using List = Shape::List;

constexpr Part fixed(std::uint8_t size) { return {Part::Kind::fixed, size, 0, 0}; }
constexpr Part list(std::uint8_t size) { return {Part::Kind::list, size, 0, 0}; }
constexpr Part rest(std::uint8_t least) { return {Part::Kind::rest, least, 0, 0}; }
constexpr Part intervals(std::uint8_t at, std::uint8_t size, std::uint8_t when_zero) {
  return {Part::Kind::intervals, size, at, when_zero};
}
constexpr Part product(std::uint8_t at, std::uint8_t other) {
  return {Part::Kind::product, 0, at, other};
}
constexpr Shape plain(std::uint8_t subtype, std::uint8_t size) {
  return {.subtype = subtype, .parts = {fixed(size)}};
}
// With a name at its end.
constexpr Shape unit(std::uint8_t subtype, std::uint8_t size, std::uint8_t source_at = 0,
                     std::uint8_t clock_at = 0) {
  return {.subtype = subtype,
          .parts = {fixed(size)},
          .id_at = 3,
          .source_at = source_at,
          .other_source_at = clock_at,
          .string_at = name_is_last};
}
// Takes the output of as many as it says, then `tail` bytes, the last of them a name.
constexpr Shape selector(std::uint8_t subtype, std::uint8_t tail) {
  return {.subtype = subtype,
          .parts = {fixed(5), list(1), fixed(tail)},
          .id_at = 3,
          .first_list = List::sources,
          .string_at = name_is_last};
}

constexpr std::array cdc_shapes{
    plain(0x00, 5),
    plain(0x01, 5),
    plain(0x02, 4),
    plain(0x03, 3),
    plain(0x04, 5),
    plain(0x05, 4),
    Shape{.subtype = 0x06, .parts = {fixed(4), rest(1)}},  // union; its interfaces: see the checks
    Shape{.subtype = 0x07, .parts = {fixed(4), rest(2)}},
    plain(0x08, 4),
    Shape{.subtype = 0x0f, .parts = {fixed(13)}, .string_at = 3},  // the MAC address
    plain(0x10, 12),
    plain(0x11, 5),
    plain(0x12, 21),
    Shape{.subtype = 0x13, .parts = {fixed(4), rest(1)}},
    plain(0x14, 7),
    plain(0x15, 5),
    plain(0x1a, 6),
    plain(0x1b, 12),
    plain(0x1c, 8)};

constexpr std::array audio1_control{
    Shape{.subtype = 0x01,
          .parts = {fixed(8), list(1)},
          .first_list = List::interfaces,
          .total_at = 5},
    unit(0x02, 12),
    unit(0x03, 9, 7),
    Shape{.subtype = 0x04,
          .parts = {fixed(5), list(1), fixed(4), rest(1)},
          .id_at = 3,
          .first_list = List::sources},
    selector(0x05, 1),
    Shape{.subtype = 0x06,
          .parts = {fixed(6), rest(2)},
          .id_at = 3,
          .source_at = 4,
          .string_at = name_is_last},
    Shape{.subtype = 0x07,
          .parts = {fixed(7), list(1), fixed(5), list(1), fixed(1), rest(0)},
          .id_at = 3,
          .first_list = List::sources},
    Shape{.subtype = 0x08,
          .parts = {fixed(7), list(1), fixed(5), list(1), fixed(1)},
          .id_at = 3,
          .first_list = List::sources}};

constexpr std::array audio2_control{
    Shape{.subtype = 0x01, .parts = {fixed(9)}, .total_at = 6},
    unit(0x02, 17, 0, 7),
    unit(0x03, 12, 7, 8),
    Shape{.subtype = 0x04,
          .parts = {fixed(5), list(1), fixed(6), rest(2)},
          .id_at = 3,
          .first_list = List::sources},
    selector(0x05, 2),
    Shape{.subtype = 0x06,
          .parts = {fixed(5), rest(5)},
          .id_at = 3,
          .source_at = 4,
          .string_at = name_is_last},
    Shape{.subtype = 0x07, .parts = {fixed(7), rest(5)}, .id_at = 3, .source_at = 6},
    Shape{.subtype = 0x08,
          .parts = {fixed(7), list(1), fixed(9), rest(0)},
          .id_at = 3,
          .first_list = List::sources},
    Shape{.subtype = 0x09,
          .parts = {fixed(7), list(1), fixed(8)},
          .id_at = 3,
          .first_list = List::sources},
    unit(0x0a, 8),
    selector(0x0b, 2),
    unit(0x0c, 7, 4),
    unit(0x0d, 8, 4, 5)};

constexpr std::array audio1_streaming{
    plain(0x01, 7), Shape{.subtype = 0x02, .parts = {fixed(8), intervals(7, 3, 6)}}};
// The same for formats of type II, whose count of frequencies stands one byte later.
constexpr Shape audio1_type2{.subtype = 0x02, .parts = {fixed(9), intervals(8, 3, 6)}};
constexpr std::array audio2_streaming{plain(0x01, 16),
                                      Shape{.subtype = 0x02, .parts = {fixed(6), rest(0)}}};
constexpr std::array audio1_endpoint{plain(0x01, 7)};
constexpr std::array audio2_endpoint{plain(0x01, 8)};

constexpr std::array midi_interface{
    Shape{.subtype = 0x01, .parts = {fixed(7)}, .total_at = 5}, plain(0x02, 6),
    Shape{.subtype = 0x03, .parts = {fixed(6), list(2), fixed(1)}},
    Shape{.subtype = 0x04, .parts = {fixed(5), list(2), fixed(4), list(1), fixed(1)}}};
constexpr std::array midi_endpoint{Shape{.subtype = 0x01, .parts = {fixed(4), list(1)}},
                                   Shape{.subtype = 0x02, .parts = {fixed(4), list(1)}}};

constexpr std::array video_control{
    Shape{.subtype = 0x01,
          .parts = {fixed(12), list(1)},
          .first_list = List::interfaces,
          .total_at = 5},
    Shape{.subtype = 0x02, .parts = {fixed(8), rest(0)}, .id_at = 3, .string_at = 7},
    Shape{
        .subtype = 0x03, .parts = {fixed(9), rest(0)}, .id_at = 3, .source_at = 7, .string_at = 8},
    selector(0x04, 1),
    Shape{.subtype = 0x05, .parts = {fixed(8), list(1), rest(1)}, .id_at = 3, .source_at = 4},
    Shape{.subtype = 0x06,
          .parts = {fixed(22), list(1), fixed(1), list(1), fixed(1)},
          .id_at = 3,
          .first_list = List::sources},
    Shape{.subtype = 0x07, .parts = {fixed(13)}, .id_at = 3, .source_at = 4, .string_at = 5}};
// Input terminal of a camera: its controls are counted.
constexpr Shape video_camera{
    .subtype = 0x02, .parts = {fixed(15), list(1)}, .id_at = 3, .string_at = 7};
constexpr std::array video_streaming{
    Shape{.subtype = 0x01, .parts = {fixed(13), product(3, 12)}, .total_at = 4},
    Shape{.subtype = 0x02, .parts = {fixed(9), product(3, 8)}, .total_at = 4},
    Shape{.subtype = 0x03, .parts = {fixed(5), list(4), fixed(1), list(1)}},
    plain(0x04, 27),
    Shape{.subtype = 0x05, .parts = {fixed(26), intervals(25, 4, 12)}},
    plain(0x06, 11),
    Shape{.subtype = 0x07, .parts = {fixed(26), intervals(25, 4, 12)}},
    Shape{.subtype = 0x0a, .parts = {fixed(7), rest(0)}},
    plain(0x0c, 9),
    plain(0x0d, 6),
    plain(0x10, 28),
    Shape{.subtype = 0x11, .parts = {fixed(26), intervals(21, 4, 12)}},
    plain(0x12, 24),
    plain(0x13, 52),
    Shape{.subtype = 0x14, .parts = {fixed(44), list(4)}}};
constexpr std::array video_endpoint{plain(0x03, 5)};

// Descriptors of type 0x21 have no subtype.
constexpr Shape hid{.parts = {fixed(6), list(3)}};
constexpr Shape smart_card{.parts = {fixed(54)}};
constexpr Shape dfu{.parts = {fixed(7), rest(0)}};
constexpr Shape uas_pipe{.parts = {fixed(4)}};

std::span<const Shape> audio_shapes(const InterfaceClass& kind, Position position) {
  const AudioVersion version = audio_version(kind);
  if (version == AudioVersion::unknown) return {};
  const bool second = version == AudioVersion::second;
  if (kind.subclass == midi_subclass) {
    if (position == Position::endpoint) return midi_endpoint;
    return midi_interface;
  }
  if (position == Position::endpoint) {
    if (kind.subclass != streaming_subclass) return {};
    return second ? std::span<const Shape>(audio2_endpoint) : audio1_endpoint;
  }
  if (kind.subclass == control_subclass) {
    return second ? std::span<const Shape>(audio2_control) : audio1_control;
  }
  if (kind.subclass != streaming_subclass) return {};
  return second ? std::span<const Shape>(audio2_streaming) : audio1_streaming;
}

std::span<const Shape> video_shapes(const InterfaceClass& kind, Position position) {
  if (position == Position::endpoint) return video_endpoint;
  if (kind.subclass == control_subclass) return video_control;
  if (kind.subclass == streaming_subclass) return video_streaming;
  return {};
}

std::span<const Shape> shapes_of(const InterfaceClass& kind, Position position) {
  switch (kind.code) {
    case class_code::audio:
      return audio_shapes(kind, position);
    case class_code::video:
      return video_shapes(kind, position);
    case class_code::communications:
    case class_code::wireless:       // RNDIS
    case class_code::miscellaneous:  // RNDIS
    case class_code::vendor:         // modems whose drivers are built on CDC; see the checks
      if (position == Position::interface) return cdc_shapes;
      return {};
    default:
      return {};
  }
}

const Shape* class_device_shape(const InterfaceClass& kind) {
  if (kind.code == class_code::hid) return &hid;
  if (kind.code == class_code::smart_card) return &smart_card;
  if (kind.code == class_code::application && kind.subclass == 1) return &dfu;
  return nullptr;
}

bool is_uas(const InterfaceClass& kind) {
  return kind == InterfaceClass{.code = class_code::mass_storage, .subclass = 6, .protocol = 0x62};
}

// Where one subtype has two shapes, a field tells which.
const Shape* variant(const Shape& shape, const InterfaceClass& kind, const Descriptor& in) {
  constexpr std::uint16_t camera = 0x0201;  // wTerminalType
  const bool video = kind.code == class_code::video && kind.subclass == control_subclass;
  if (video && shape.subtype == 0x02 && in.u16(4) == camera) return &video_camera;
  const bool audio = kind.code == class_code::audio && kind.subclass == streaming_subclass &&
                     audio_version(kind) == AudioVersion::first;
  if (audio && shape.subtype == 0x02 && in.u8(3) == 2) return &audio1_type2;
  return &shape;
}

}  // namespace

AudioVersion audio_version(const InterfaceClass& kind) {
  constexpr std::uint8_t second = 0x20, third = 0x30;
  if (kind.protocol == third) return AudioVersion::unknown;
  return kind.protocol == second ? AudioVersion::second : AudioVersion::first;
}

const Shape* find_shape(const InterfaceClass& kind, Position position, const Descriptor& in) {
  if (in.type() == descriptor_type::class_device) return class_device_shape(kind);
  const bool endpoint = position == Position::endpoint;
  if (endpoint && in.type() == descriptor_type::class_interface && is_uas(kind)) return &uas_pipe;
  const std::uint8_t wanted =
      endpoint ? descriptor_type::class_endpoint : descriptor_type::class_interface;
  if (in.type() != wanted || in.size() < 3) return nullptr;
  const auto shapes = shapes_of(kind, position);
  const auto found = std::find_if(shapes.begin(), shapes.end(),
                                  [&in](const Shape& one) { return one.subtype == in.u8(2); });
  return found == shapes.end() ? nullptr : variant(*found, kind, in);
}

std::optional<std::size_t> covered(const Shape& shape, const Descriptor& in) {
  std::size_t at = 0;
  for (const Part& part : shape.parts) {
    if (part.kind == Part::Kind::none) break;
    std::size_t size = part.size;
    switch (part.kind) {
      case Part::Kind::none:
      case Part::Kind::fixed:
        break;
      case Part::Kind::list:
        size = std::size_t{part.size} * in.u8(at - 1);  // never first: a fixed part leads
        break;
      case Part::Kind::intervals:
        size = in.u8(part.at) == 0 ? part.other : std::size_t{part.size} * in.u8(part.at);
        break;
      case Part::Kind::product:
        size = std::size_t{in.u8(part.at)} * in.u8(part.other);
        break;
      case Part::Kind::rest:
        size = std::max<std::size_t>(part.size, in.size() - std::min(in.size(), at));
        break;
    }
    if (size > in.size() - at) return std::nullopt;
    at += size;
  }
  return at;
}

}  // namespace usbproxy::firewall
