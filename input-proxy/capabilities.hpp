// SPDX-License-Identifier: GPL-2.0-or-later
// What an input device says it can do: the second message of a stream, and the extension behind it.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace inputproxy {

inline constexpr std::size_t abs_count = 64;

// The kernel's struct input_absinfo.
struct AbsRange {
  std::int32_t value = 0;
  std::int32_t minimum = 0;
  std::int32_t maximum = 0;
  std::int32_t fuzz = 0;
  std::int32_t flat = 0;
  std::int32_t resolution = 0;  // units per mm, or per radian
  friend bool operator==(const AbsRange&, const AbsRange&) = default;
};

// Sets are indexed by the kernel's codes and have the width they have on the wire.
struct Capabilities {
  std::bitset<64> props;
  std::bitset<64> types;
  std::bitset<768> keys;
  std::bitset<64> rels;
  std::bitset<64> axes;
  std::bitset<64> mscs;
  std::bitset<64> leds;
  std::bitset<64> sounds;
  std::bitset<128> forces;
  std::bitset<64> switches;
  std::string name;  // as it came, up to its first NUL; at most 127 bytes
  std::array<AbsRange, abs_count> ranges{};
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

// What a sender of ours offers beyond protocol v1, and a receiver of ours takes. Behind the 1840
// bytes of v1, where an old receiver skips it: 4 bytes "SPIN", u32 size of the whole block (at
// least 12; more is a later version's and is skipped), u32 features.
enum class Feature : std::uint32_t {
  scan_codes = 1,   // EV_MSC MSC_SCAN is sent
  touch_state = 2,  // fingers that lie on the device when the stream starts are sent first
  no_repeats = 4,   // key value 2 is not sent: the receiver's kernel repeats by itself
  dropped = 8,      // SYN_DROPPED never appears: the sender has resynchronised by itself
};
using Features = std::uint32_t;
constexpr bool has(Features features, Feature one) {
  return (features & static_cast<Features>(one)) != 0;
}
inline constexpr Features all_features = 15;

// A receiver's answer to the extension, sent as an event before any other: of a type that no kernel
// has, so that it cannot be mistaken for feedback. Only senders that offered something get it.
inline constexpr std::uint16_t answer_type = 0xfffe;
inline constexpr std::uint16_t answer_features = 1;

inline constexpr std::uint32_t protocol_version = 1;
inline constexpr std::size_t hello_size = 8;  // u32 version, u32 caps_size
inline constexpr std::size_t capabilities_size = 1840;
inline constexpr std::size_t extension_size = 12;
// A later version's surplus is skipped; a peer that announces more than this means harm.
inline constexpr std::uint32_t max_capabilities_size = 65536;

// Hello, capabilities, and the extension if something is offered.
std::vector<std::byte> encode_greeting(const Capabilities& capabilities, Features offered);

struct Offer {
  Capabilities capabilities;
  std::optional<Features> features;  // nothing: a sender of protocol v1
};
// At most the first capabilities_size + extension_size bytes of what caps_size announced; what is
// missing of v1's is zero, as old receivers had it.
Offer parse_capabilities(base::wire::Bytes untrusted);

}  // namespace inputproxy
