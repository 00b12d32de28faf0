// SPDX-License-Identifier: GPL-2.0-or-later
// Two listings of one file system by two readers: any difference is a finding.
#pragma once

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume {

inline constexpr std::size_t max_differences = 256;

enum class Compared : std::uint8_t { files, with_streams };

// Paths, kinds, sizes and extents of what is allocated; what both have themselves, byte by byte.
// Bytes that one reader cannot write as UTF-8 and replaces are the same to it.
std::vector<Finding> compare(const Listing& one, const Listing& other,
                             Compared compared = Compared::files);

// For file systems that give a file several names: by content alone. A file that only `other` has
// is added to `one`, so that it is scanned.
std::vector<Finding> add_unseen(Listing& one, const Listing& other);

}  // namespace scannerqube::volume
