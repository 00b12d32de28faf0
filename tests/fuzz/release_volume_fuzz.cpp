// SPDX-License-Identifier: GPL-2.0-or-later
// Any list that is accepted makes a volume in which our reader of FAT and exFAT finds its files and
// nothing wrong.
#include <cstdlib>

#include "scanner-qube/release/volume.hpp"
#include "scanner-qube/volume/fat/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube;
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  auto list = release::parse_list(bytes, std::uint64_t{1} << 30);
  if (!list) return 0;
  const std::size_t files = list->size();
  const auto made = release::Volume::make(
      *std::move(list), {.format = (data[0] & 1) != 0 ? release::FormatWish::exfat
                                                      : release::FormatWish::fat32_if_it_fits});
  if (!made) return 0;
  // Folders are all that the reader reads, and those are not the medium's.
  const volume::MemorySource nothing{base::wire::Bytes()};
  const release::VolumeSource source(*made, nothing);
  volume::Listing listing;
  volume::fat::list(source, {.offset = 0, .length = source.size()}, made->kind(), listing);
  if (!listing.findings.empty()) std::abort();
  std::size_t found = 0;
  for (const volume::Entry& entry : listing.entries) found += entry.kind == volume::Kind::file;
  const std::size_t own = made->kind() == volume::FileSystem::exfat ? 3 : 1;
  if (found != files + own) std::abort();
  return 0;
}
