// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptors as bytes: built right from a description, so that an attack can spoil one byte of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/reader.hpp"

namespace attacks {

using Memory = std::vector<std::byte>;
using base::wire::Bytes;

// Each value is cut to a byte.
Memory bytes(std::initializer_list<unsigned> values);
Memory filled(std::size_t count, unsigned value = 0);
Memory operator+(Memory first, const Memory& second);
// `data` with one byte or a little-endian word at `offset` replaced; what is beyond its end grows
// it.
Memory patched(Memory data, std::size_t offset, std::initializer_list<unsigned> values);

// Attributes of an endpoint (USB 2.0, table 9-13).
inline constexpr std::uint8_t isochronous = 1, bulk = 2, interrupt = 3;

struct Endpoint {
  std::uint8_t address = 0;
  std::uint8_t attributes = bulk;
  std::uint16_t max_packet = 64;
  std::uint8_t interval = 1;
  Memory extra;  // what follows it, such as a companion
};

struct Interface {
  std::uint8_t number = 0, alternate = 0;
  std::uint8_t code = 0xff, subclass = 0, protocol = 0;
  Memory extra;  // class-specific descriptors between it and its endpoints
  std::vector<Endpoint> endpoints;
  std::optional<std::uint8_t> claimed_endpoints;  // instead of how many there are
};

// A configuration with its header; total length and number of interfaces are right.
Memory configuration(const std::vector<Interface>& interfaces, const Memory& before = {},
                     std::uint8_t value = 1);

struct Identity {
  std::uint16_t vendor = 0x1209, product = 0x0001, version = 0x0100;
  std::uint16_t usb = 0x0200;
  std::uint8_t code = 0, subclass = 0, protocol = 0;
  std::uint8_t packet = 64;  // bMaxPacketSize0
  std::uint8_t configurations = 1;
};
// String indices are 1, 2 and 3: manufacturer, product, serial number.
Memory device_descriptor(const Identity& identity);

// UTF-16 of an ASCII text, with its header.
Memory string_descriptor(std::string_view text);

// Every interface's class as the proxy's identities have it: "VVVV:PPPP::uCCSSPP...". What cannot
// be walked is left out.
std::string identity_text(Bytes device, Bytes configuration);

}  // namespace attacks
