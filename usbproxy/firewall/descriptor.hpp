// SPDX-License-Identifier: GPL-2.0-or-later
// The numbers of descriptors, and one descriptor of a block of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/wire/reader.hpp"
#include "usbproxy/firewall/violation.hpp"

namespace usbproxy::firewall {

// bDescriptorType: USB 2.0, table 9-5; USB 3.2, table 9-6.
namespace descriptor_type {
inline constexpr std::uint8_t device = 0x01;
inline constexpr std::uint8_t configuration = 0x02;
inline constexpr std::uint8_t string = 0x03;
inline constexpr std::uint8_t interface = 0x04;
inline constexpr std::uint8_t endpoint = 0x05;
inline constexpr std::uint8_t device_qualifier = 0x06;
inline constexpr std::uint8_t other_speed = 0x07;
inline constexpr std::uint8_t association = 0x0b;
inline constexpr std::uint8_t bos = 0x0f;
inline constexpr std::uint8_t capability = 0x10;
inline constexpr std::uint8_t class_device = 0x21;  // HID, CCID, DFU
inline constexpr std::uint8_t hid_report = 0x22;
inline constexpr std::uint8_t class_interface = 0x24;
inline constexpr std::uint8_t class_endpoint = 0x25;
inline constexpr std::uint8_t companion = 0x30;
inline constexpr std::uint8_t iso_companion = 0x31;
}  // namespace descriptor_type

// bmAttributes of an endpoint (USB 2.0, 9.6.6).
namespace transfer_type {
inline constexpr std::uint8_t mask = 0x03;
inline constexpr std::uint8_t control = 0;
inline constexpr std::uint8_t isochronous = 1;
inline constexpr std::uint8_t bulk = 2;
inline constexpr std::uint8_t interrupt = 3;
}  // namespace transfer_type

inline constexpr std::uint8_t direction_in = 0x80;

// bmRequestType of GET_DESCRIPTOR (USB 2.0, 9.4.3; HID 1.11, 7.1.1).
inline constexpr std::uint8_t from_device = 0x80;
inline constexpr std::uint8_t from_interface = 0x81;

// One descriptor of a block: its bytes from bLength on, at least two of them, and where they are.
struct Descriptor {
  std::size_t offset = 0;
  base::wire::Bytes bytes;

  std::size_t size() const { return bytes.size(); }
  // Zero beyond the end: lengths are checked before fields are believed.
  std::uint8_t u8(std::size_t at) const {
    return at < bytes.size() ? std::to_integer<std::uint8_t>(bytes[at]) : std::uint8_t{0};
  }
  std::uint16_t u16(std::size_t at) const {
    return static_cast<std::uint16_t>(u8(at) | u8(at + 1) << 8U);
  }
  std::uint8_t type() const { return u8(1); }
};

// A block that is read: its name for violations.
class Block {
 public:
  explicit Block(std::string name) : name_(std::move(name)) {}

  base::Unexpected<Violation> broken(std::size_t offset, std::string subject,
                                     std::string rule) const {
    return {Violation{
        .where = name_, .offset = offset, .subject = std::move(subject), .rule = std::move(rule)}};
  }
  // The descriptor at the front of `rest`, which is taken from it; `whole` is the block.
  Checked<Descriptor> take(base::wire::Bytes& rest, base::wire::Bytes whole) const;

 private:
  std::string name_;
};

}  // namespace usbproxy::firewall
