// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/fat/geometry.hpp"

#include <bit>

#include "scanner-qube/volume/limits.hpp"

namespace scannerqube::volume::fat {
namespace {

using base::fail;
using base::wire::Reader;

// Below these the volume is FAT12 or FAT16: Microsoft's FAT specification 1.03, "FAT type
// determination".
constexpr std::uint64_t fat16_from = 4085;
constexpr std::uint64_t fat32_from = 65525;

std::uint64_t bytes_of_entries(Width width, std::uint64_t entries) {
  switch (width) {
    case Width::fat12:
      return (entries * 3 + 1) / 2;
    case Width::fat16:
      return entries * 2;
    case Width::fat32:
    case Width::exfat:
      return entries * 4;
  }
  return 0;
}

base::Result<Geometry> checked(Geometry geometry) {
  if (geometry.clusters == 0) return fail("there are no clusters");
  if (geometry.clusters > max_clusters) {
    return fail("more than " + std::to_string(max_clusters) + " clusters");
  }
  if (bytes_of_entries(geometry.width, geometry.clusters + 2) > geometry.table_length) {
    return fail("the allocation table is shorter than the clusters need");
  }
  if (geometry.root_length == 0 && !geometry.contains(geometry.root)) {
    return fail("the root folder lies outside the clusters");
  }
  return geometry;
}

}  // namespace

base::Result<Geometry> parse_fat_boot(base::wire::Bytes untrusted) {
  Reader in(untrusted);
  in.take(11);
  const std::uint64_t sector = in.u16();
  const std::uint64_t per_cluster = in.u8();
  const std::uint64_t reserved = in.u16();
  const std::uint64_t copies = in.u8();
  const std::uint64_t root_entries = in.u16();
  const std::uint64_t sectors_short = in.u16();
  in.u8();  // media
  const std::uint64_t table_short = in.u16();
  in.take(8);  // geometry of a disk, sectors before
  const std::uint64_t sectors_long = in.u32();
  const std::uint64_t table_long = in.u32();
  const std::uint16_t flags = in.u16();
  in.u16();  // version
  const std::uint32_t root = in.u32();
  if (!in.ok()) return fail("the first sector is cut off");
  if (!std::has_single_bit(sector) || sector < 512 || sector > 4096) {
    return fail("sectors of " + std::to_string(sector) + " bytes");
  }
  if (!std::has_single_bit(per_cluster)) return fail("a cluster of no power of two");
  if (reserved == 0 || copies == 0) return fail("no allocation table");

  const std::uint64_t table = table_short != 0 ? table_short : table_long;
  const std::uint64_t sectors = sectors_short != 0 ? sectors_short : sectors_long;
  const std::uint64_t root_sectors = (root_entries * 32 + sector - 1) / sector;
  const std::uint64_t before = reserved + copies * table + root_sectors;  // below 2^42
  if (sectors <= before) return fail("no room for clusters");
  Geometry geometry;
  geometry.clusters = (sectors - before) / per_cluster;
  geometry.cluster = per_cluster * sector;
  geometry.table = reserved * sector;
  geometry.table_length = table * sector;
  geometry.data = before * sector;
  const bool wide = table_short == 0;
  geometry.width = wide                             ? Width::fat32
                   : geometry.clusters < fat16_from ? Width::fat12
                                                    : Width::fat16;
  if (!wide && geometry.clusters >= fat32_from) return fail("too many clusters for FAT16");
  if (!wide) {
    geometry.root_at = (reserved + copies * table) * sector;
    geometry.root_length = root_entries * 32;
    if (geometry.root_length == 0) return fail("no root folder");
  } else {
    geometry.root = root;
    // One copy may be the only one in use.
    const std::uint64_t active = (flags & 0x80U) != 0 ? flags & 0x0fU : 0;
    if (active >= copies) return fail("the allocation table in use does not exist");
    geometry.table += active * geometry.table_length;
  }
  return checked(geometry);
}

base::Result<Geometry> parse_exfat_boot(base::wire::Bytes untrusted) {
  Reader in(untrusted);
  in.take(80);
  const std::uint64_t table = in.u32();
  const std::uint64_t table_length = in.u32();
  const std::uint64_t heap = in.u32();
  const std::uint32_t clusters = in.u32();
  const std::uint32_t root = in.u32();
  in.u32();  // serial
  in.u16();  // revision
  const std::uint16_t flags = in.u16();
  const unsigned sector_shift = in.u8();
  const unsigned cluster_shift = in.u8();
  const std::uint8_t copies = in.u8();
  if (!in.ok()) return fail("the first sector is cut off");
  if (sector_shift < 9 || sector_shift > 12) return fail("sectors of an impossible size");
  if (cluster_shift > 25 - sector_shift) return fail("clusters of an impossible size");
  if (copies == 0 || copies > 2) return fail("no allocation table");
  Geometry geometry;
  geometry.width = Width::exfat;
  geometry.table = table << sector_shift;
  geometry.table_length = table_length << sector_shift;
  // The second copy is in use only with transactions (TexFAT).
  if ((flags & 1U) != 0) {
    if (copies < 2) return fail("the allocation table in use does not exist");
    geometry.table += geometry.table_length;
  }
  geometry.data = heap << sector_shift;
  geometry.cluster = std::uint64_t{1} << (sector_shift + cluster_shift);
  geometry.clusters = clusters;
  geometry.root = root;
  return checked(geometry);
}

}  // namespace scannerqube::volume::fat
