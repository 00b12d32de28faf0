// SPDX-License-Identifier: GPL-2.0-or-later
// What the superblock of ext2, ext3 or ext4 says that libtsk does not heed.
#pragma once

#include <string>
#include <vector>

#include "base/wire/reader.hpp"

namespace scannerqube::volume::ext {

inline constexpr std::size_t superblock_at = 1024;
inline constexpr std::size_t superblock_size = 1024;

// Why what libtsk lists may not be what a driver shows; empty: nothing speaks against it.
std::vector<std::string> superblock_doubts(base::wire::Bytes untrusted);

}  // namespace scannerqube::volume::ext
