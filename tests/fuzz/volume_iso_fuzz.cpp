// SPDX-License-Identifier: GPL-2.0-or-later
// Our reader of ISO 9660 and the parser of ext's folders over any bytes: they end, and what the
// first lists lies on the medium. The descriptors and what follows are the input, so that seeds are
// small: the disc's first 32 KiB are zeros.
#include <cstdlib>

#include "scanner-qube/volume/ext/folder.hpp"
#include "scanner-qube/volume/ext/superblock.hpp"
#include "scanner-qube/volume/iso/descriptor.hpp"
#include "scanner-qube/volume/iso/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube::volume;
  const auto bytes = std::as_bytes(std::span(data, size));
  ext::parse_folder_block(bytes);
  ext::superblock_doubts(bytes);
  std::vector<std::byte> disc(iso::first_descriptor);
  disc.insert(disc.end(), bytes.begin(), bytes.end());
  const MemorySource source(disc);
  Listing listing;
  iso::list(source, {.offset = 0, .length = source.size()}, listing);
  for (const Entry& entry : listing.entries) {
    if (entry.path.size() > max_path || entry.extents.size() > max_extents) std::abort();
    if (entry.content != Content::extents) continue;
    std::uint64_t sum = 0;
    for (const Extent& extent : entry.extents) {
      sum += extent.where.length;
      if (extent.where.end() > source.size()) std::abort();
    }
    if (sum != entry.size) std::abort();
  }
  return 0;
}
