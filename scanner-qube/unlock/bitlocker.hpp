// SPDX-License-Identifier: GPL-2.0-or-later
// What a BitLocker volume says of its own layout, beside its keys: libcryptsetup reads those, and
// does not tell this.
//
// Pure, but for the reads. Format: libbde's documentation of BitLocker Drive Encryption (BDE);
// lib/bitlk/bitlk.c of cryptsetup 2.6.1.
#pragma once

#include <array>
#include <cstdint>

#include "base/wire/result.hpp"
#include "scanner-qube/volume/source.hpp"

namespace scannerqube::unlock {

// Each of the three copies of its metadata.
inline constexpr std::uint64_t bitlocker_metadata_size = 65536;

struct BitlockerLayout {
  std::uint32_t sector_size = 512;  // or 4096
  std::array<std::uint64_t, 3> metadata = {};
  volume::Range header = {};  // where the first bytes of the file system are kept
  bool settled = false;       // wholly encrypted, and nothing under way
  friend bool operator==(const BitlockerLayout&, const BitlockerLayout&) = default;
};

// An error says what is wrong with it.
base::Result<BitlockerLayout> read_bitlocker(const volume::Source& volume);

}  // namespace scannerqube::unlock
