// SPDX-License-Identifier: GPL-2.0-or-later
// The volume descriptors of an ISO 9660 disc: each has a tree of folders of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/wire/reader.hpp"

namespace scannerqube::volume::iso {

inline constexpr std::size_t descriptor_size = 2048;
inline constexpr std::uint64_t first_descriptor = 16 * descriptor_size;
inline constexpr std::size_t max_descriptors = 64;  // of one disc

enum class Letters : std::uint8_t { bytes, ucs2 };  // of names: plain, or Joliet's

struct Tree {
  Letters letters = Letters::bytes;
  std::uint64_t block = 2048;
  std::uint32_t root = 0;       // block
  std::uint32_t root_size = 0;  // bytes
  std::vector<std::string> damages = {};
};

struct Descriptor {
  enum class Kind : std::uint8_t { tree, other, end } kind = Kind::other;
  Tree tree = {};
};

// nullopt: it is none. ECMA-119, 8.
std::optional<Descriptor> parse_descriptor(base::wire::Bytes untrusted);

}  // namespace scannerqube::volume::iso
