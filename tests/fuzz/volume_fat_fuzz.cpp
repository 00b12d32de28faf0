// SPDX-License-Identifier: GPL-2.0-or-later
// Our reader of FAT and exFAT over any volume: it ends, and what it lists lies on the medium.
#include <cstdlib>

#include "scanner-qube/volume/fat/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube::volume;
  if (size < 1) return 0;
  const auto kind = (data[0] & 1) == 0 ? FileSystem::fat : FileSystem::exfat;
  const MemorySource source(std::as_bytes(std::span(data, size)).subspan(1));
  Listing listing;
  fat::list(source, {.offset = 0, .length = source.size()}, kind, listing);
  for (const Entry& entry : listing.entries) {
    if (entry.path.size() > max_path || entry.extents.size() > max_extents) std::abort();
    if (entry.content != Content::extents) continue;
    std::uint64_t sum = 0;
    for (const Extent& extent : entry.extents) {
      sum += extent.where.length;
      if (extent.backing == Backing::medium && extent.where.end() > source.size()) std::abort();
    }
    if (sum != entry.size) std::abort();
  }
  return 0;
}
