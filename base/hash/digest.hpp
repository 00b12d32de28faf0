// SPDX-License-Identifier: GPL-2.0-or-later
// BLAKE2b-256: the one hash with which things are told apart here (descriptors, records).
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "base/wire/reader.hpp"

namespace base::hash {

inline constexpr std::size_t digest_size = 32;
using Digest = std::array<std::byte, digest_size>;

Digest digest_of(base::wire::Bytes data);
// Lower case.
std::string to_hex(base::wire::Bytes data);

}  // namespace base::hash
