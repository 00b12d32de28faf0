// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/event.hpp"

#include <algorithm>
#include <bit>

namespace inputproxy {
namespace {

constexpr std::size_t time_size = 16;

template <class T>
std::byte* put(std::byte* wire, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    *wire++ = static_cast<std::byte>((static_cast<std::uint32_t>(value) >> (8 * i)) & 0xffU);
  }
  return wire;
}

}  // namespace

void encode_event(const Event& event, std::byte* wire) {
  wire = std::fill_n(wire, time_size, std::byte{0});
  wire = put(wire, event.type);
  wire = put(wire, event.code);
  put(wire, std::bit_cast<std::uint32_t>(event.value));
}

Event parse_event(base::wire::Bytes untrusted) {
  base::wire::Reader in(untrusted);
  in.take(time_size);
  Event event;
  event.type = in.u16();
  event.code = in.u16();
  event.value = std::bit_cast<std::int32_t>(in.u32());
  return event;
}

}  // namespace inputproxy
