// SPDX-License-Identifier: GPL-2.0-or-later
// What holds of every listing of our own readers of media; aborts where it does not.
#pragma once

#include <cstdlib>

#include "scanner-qube/volume/listing.hpp"

namespace fuzz {

inline void expect_on_medium(const scannerqube::volume::Listing& listing, std::uint64_t size) {
  using namespace scannerqube::volume;
  for (const Entry& entry : listing.entries) {
    if (entry.path.size() > max_path || entry.extents.size() > max_extents) std::abort();
    if (entry.content != Content::extents) continue;
    std::uint64_t sum = 0;
    for (const Extent& extent : entry.extents) {
      sum += extent.where.length;
      if (extent.backing == Backing::medium && extent.where.end() > size) std::abort();
    }
    if (sum != entry.size) std::abort();
  }
}

}  // namespace fuzz
