// SPDX-License-Identifier: GPL-2.0-or-later
// The first 32 bytes of every stream between a qube and dom0 (docs/protocol.md, "Hello").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace base::wire {

// 128 bits from the kernel's generator; names one expected data connection, once.
using Token = std::array<std::byte, 16>;

enum class StreamKind : std::uint16_t { control = 1, data = 2 };

inline constexpr std::size_t hello_size = 32;
inline constexpr std::uint16_t protocol_major = 1;

// Feature of an agent's control hello: its USB backend holds devices to the options of an
// attachment (read-only=, interfaces=, ...). An older one would ignore them.
inline constexpr std::uint64_t feature_usb_rights = 1;

// Wire: "SLYP", u16 major, u16 kind, u64 features, token[16]; little endian. A control hello's
// token is 16 random bytes that an agent keeps for its life, or zero. Unknown feature bits are
// ignored; another major version is refused.
struct Hello {
  StreamKind kind = StreamKind::control;
  std::uint64_t features = 0;
  Token token{};

  friend bool operator==(const Hello&, const Hello&) = default;
};

enum class HelloError { truncated, not_sallyport, unknown_major, unknown_kind };

std::array<std::byte, hello_size> encode_hello(const Hello& hello);
// `untrusted` must be exactly hello_size bytes.
Result<Hello, HelloError> parse_hello(Bytes untrusted);
const char* describe(HelloError error);

}  // namespace base::wire
