// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/capabilities.hpp"

#include <algorithm>
#include <bit>

#include "base/wire/writer.hpp"

namespace inputproxy {
namespace {

constexpr std::size_t name_size = 128;
constexpr std::uint32_t magic = 0x4e495053;  // "SPIN"

template <std::size_t bits>
void put(base::wire::Writer& out, const std::bitset<bits>& set) {
  for (std::size_t byte = 0; byte < bits / 8; ++byte) {
    unsigned value = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) {
      value |= static_cast<unsigned>(set[byte * 8 + bit]) << bit;
    }
    out.u8(static_cast<std::uint8_t>(value));
  }
}

template <std::size_t bits>
void get(base::wire::Reader& in, std::bitset<bits>& set) {
  for (std::size_t byte = 0; byte < bits / 8; ++byte) {
    const unsigned value = in.u8();
    for (std::size_t bit = 0; bit < 8; ++bit) set[byte * 8 + bit] = ((value >> bit) & 1U) != 0;
  }
}

// The order of the sets on the wire.
template <class Capability, class Each>
void each_set(Capability& all, const Each& each) {
  each(all.props);
  each(all.types);
  each(all.keys);
  each(all.rels);
  each(all.axes);
  each(all.mscs);
  each(all.leds);
  each(all.sounds);
  each(all.forces);
  each(all.switches);
}

template <class Range, class Each>
void each_field(Range& range, const Each& each) {
  each(range.value);
  each(range.minimum);
  each(range.maximum);
  each(range.fuzz);
  each(range.flat);
  each(range.resolution);
}

std::string text_until_nul(base::wire::Bytes field) {
  const std::string_view text = base::wire::as_text(field);
  return std::string(text.substr(0, text.find('\0')));
}

}  // namespace

std::vector<std::byte> encode_greeting(const Capabilities& capabilities, Features offered) {
  std::vector<std::byte> wire;
  const std::size_t size = capabilities_size + (offered != 0 ? extension_size : 0);
  wire.reserve(hello_size + size);
  base::wire::Writer out(wire);
  out.u32(protocol_version).u32(static_cast<std::uint32_t>(size));
  each_set(capabilities, [&out](const auto& set) { put(out, set); });
  std::string name = capabilities.name.substr(0, name_size - 1);
  name.resize(name_size);
  out.text(name);
  for (const AbsRange& range : capabilities.ranges) {
    each_field(range, [&out](std::int32_t field) { out.u32(std::bit_cast<std::uint32_t>(field)); });
  }
  if (offered != 0) out.u32(magic).u32(extension_size).u32(offered);
  return wire;
}

Offer parse_capabilities(base::wire::Bytes untrusted) {
  std::array<std::byte, capabilities_size> whole{};
  std::ranges::copy(untrusted.first(std::min(untrusted.size(), whole.size())), whole.begin());
  base::wire::Reader in(whole);
  Offer offer;
  Capabilities& all = offer.capabilities;
  each_set(all, [&in](auto& set) { get(in, set); });
  all.name = text_until_nul(in.take(name_size));
  for (AbsRange& range : all.ranges) {
    each_field(range,
               [&in](std::int32_t& field) { field = std::bit_cast<std::int32_t>(in.u32()); });
  }
  if (untrusted.size() < capabilities_size + extension_size) return offer;
  base::wire::Reader behind(untrusted.subspan(capabilities_size));
  const bool ours = behind.u32() == magic;
  const std::uint32_t size = behind.u32();
  const Features features = behind.u32();
  if (ours && size >= extension_size) offer.features = features & all_features;
  return offer;
}

}  // namespace inputproxy
