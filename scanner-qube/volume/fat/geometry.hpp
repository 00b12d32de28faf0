// SPDX-License-Identifier: GPL-2.0-or-later
// Where things lie on a FAT or exFAT volume, from its first sector.
#pragma once

#include <cstdint>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace scannerqube::volume::fat {

enum class Width : std::uint8_t { fat12, fat16, fat32, exfat };

// All in bytes from the volume's start; checked so that no sum of them wraps.
struct Geometry {
  Width width = Width::fat32;
  std::uint64_t table = 0;
  std::uint64_t table_length = 0;
  std::uint64_t data = 0;  // cluster 2
  std::uint64_t cluster = 0;
  std::uint64_t clusters = 0;  // numbers 2 to clusters + 1
  std::uint32_t root = 0;      // its first cluster; 0 where it has a place of its own:
  std::uint64_t root_at = 0;
  std::uint64_t root_length = 0;

  bool contains(std::uint64_t number) const { return number >= 2 && number - 2 < clusters; }
  std::uint64_t offset_of(std::uint64_t number) const { return data + (number - 2) * cluster; }
};

// A text says what cannot be.
base::Result<Geometry> parse_fat_boot(base::wire::Bytes untrusted);
base::Result<Geometry> parse_exfat_boot(base::wire::Bytes untrusted);

}  // namespace scannerqube::volume::fat
