// SPDX-License-Identifier: GPL-2.0-or-later
// BLAKE2b-256: the one hash with which things are told apart here (descriptors, records).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/wire/reader.hpp"

namespace base::hash {

inline constexpr std::size_t digest_size = 32;
using Digest = std::array<std::byte, digest_size>;

Digest digest_of(base::wire::Bytes data);
// The next bytes; zeros where there are too few, and `in` is not ok() then.
inline Digest take_digest(base::wire::Reader& in) {
  Digest digest{};
  std::ranges::copy(in.take(digest.size()), digest.begin());
  return digest;
}
// Lower case.
std::string to_hex(base::wire::Bytes data);
// Fills all of `out`. Only as to_hex() writes it: there is one way to write each value.
[[nodiscard]] bool from_hex(std::string_view untrusted, std::span<std::byte> out);

}  // namespace base::hash
