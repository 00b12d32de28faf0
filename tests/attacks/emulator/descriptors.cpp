// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/emulator/descriptors.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include "base/wire/writer.hpp"
#include "tests/attacks/emulator/walk.hpp"

namespace attacks {

Memory bytes(std::initializer_list<unsigned> values) {
  Memory result;
  for (const unsigned value : values) result.push_back(static_cast<std::byte>(value & 0xffU));
  return result;
}

Memory filled(std::size_t count, unsigned value) {
  return Memory(count, static_cast<std::byte>(value & 0xffU));
}

Memory operator+(Memory first, const Memory& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Memory patched(Memory data, std::size_t offset, std::initializer_list<unsigned> values) {
  if (data.size() < offset + values.size()) data.resize(offset + values.size());
  const Memory replacement = bytes(values);
  std::copy(replacement.begin(), replacement.end(),
            data.begin() + static_cast<std::ptrdiff_t>(offset));
  return data;
}

Memory configuration(const std::vector<Interface>& interfaces, const Memory& before,
                     std::uint8_t value) {
  Memory body = before;
  std::vector<std::uint8_t> numbers;
  for (const Interface& each : interfaces) {
    if (std::find(numbers.begin(), numbers.end(), each.number) == numbers.end())
      numbers.push_back(each.number);
    const auto count =
        each.claimed_endpoints.value_or(static_cast<std::uint8_t>(each.endpoints.size()));
    body = std::move(body) + bytes({9, 4, each.number, each.alternate, count, each.code,
                                    each.subclass, each.protocol, 0});
    body = std::move(body) + each.extra;
    for (const Endpoint& endpoint : each.endpoints) {
      const unsigned size = endpoint.max_packet;
      body = std::move(body) + bytes({7, 5, endpoint.address, endpoint.attributes, size & 0xffU,
                                      size >> 8U, endpoint.interval});
      body = std::move(body) + endpoint.extra;
    }
  }
  Memory whole;
  base::wire::Writer(whole)
      .u8(9)
      .u8(2)
      .u16(static_cast<std::uint16_t>(9 + body.size()))
      .u8(static_cast<std::uint8_t>(numbers.size()))
      .u8(value)
      .u8(0)
      .u8(0x80)
      .u8(50)
      .bytes(body);
  return whole;
}

Memory device_descriptor(const Identity& identity) {
  Memory out;
  base::wire::Writer(out)
      .u8(18)
      .u8(1)
      .u16(identity.usb)
      .u8(identity.code)
      .u8(identity.subclass)
      .u8(identity.protocol)
      .u8(identity.packet)
      .u16(identity.vendor)
      .u16(identity.product)
      .u16(identity.version)
      .u8(1)
      .u8(2)
      .u8(3)
      .u8(identity.configurations);
  return out;
}

Memory string_descriptor(std::string_view text) {
  Memory out = bytes({static_cast<unsigned>(2 + 2 * text.size()), 3});
  for (const char c : text) out = std::move(out) + bytes({static_cast<unsigned char>(c), 0});
  return out;
}

std::string identity_text(Bytes device, Bytes configuration) {
  const Walked walked = walk(configuration);
  base::wire::Reader in(device);
  in.take(8);
  const unsigned vendor = in.u16();
  const unsigned product = in.u16();
  char text[16];
  std::snprintf(text, sizeof text, "%04x:%04x::", vendor, product);
  std::string result = text;
  for (const WalkedInterface& each : walked.interfaces) {
    std::snprintf(text, sizeof text, "u%02x%02x%02x", each.code, each.subclass, each.protocol);
    result += text;
  }
  return result;
}

}  // namespace attacks
