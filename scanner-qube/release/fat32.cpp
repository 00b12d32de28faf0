// SPDX-License-Identifier: GPL-2.0-or-later
// FAT32: Microsoft's "FAT: General Overview of On-Disk Format" 1.03.
#include "base/wire/writer.hpp"
#include "scanner-qube/release/fat32_folder.hpp"

namespace scannerqube::release {
namespace {

using base::wire::Writer;

constexpr std::uint64_t first_reserved = 32;  // sectors, at least
constexpr std::uint64_t backup_at = 6;
constexpr std::uint64_t copies = 2;
constexpr std::uint64_t head_sectors = 8;  // the first two, and their backup
constexpr std::uint64_t max_sectors = 0xffffffff;
// Below 65525 clusters it is FAT16 to everybody; the specification asks to keep away from that.
constexpr std::uint64_t min_fat32_clusters = 65525 + 16;
constexpr std::uint64_t max_fat32_clusters = 0x0ffffff4;
constexpr std::uint64_t max_fat32_file = 0xffffffff;
constexpr std::uint64_t max_fat32_folder = std::uint64_t{65536} * folder_record;
constexpr std::uint32_t fat32_end = 0x0fffffff;

struct Fat32Shape {
  std::uint64_t per_cluster = 0;  // sectors
  std::uint64_t used = 0;         // clusters
  std::uint64_t clusters = 0;
  std::uint64_t table = 0;     // sectors of one copy
  std::uint64_t reserved = 0;  // sectors
  std::uint64_t sectors = 0;
};

// The largest clusters of which there are still enough; where even small ones are too few, free
// ones are added.
Fat32Shape fat32_shape(const Contents& contents, const std::vector<std::uint64_t>& folder_bytes) {
  Fat32Shape shape;
  for (shape.per_cluster = 64;; shape.per_cluster /= 2) {
    const std::uint64_t cluster = shape.per_cluster * sector;
    shape.used =
        Places::needed({.contents = contents, .folder_bytes = folder_bytes, .cluster = cluster});
    shape.clusters = shape.used + tail / cluster;
    if (shape.clusters >= min_fat32_clusters || shape.per_cluster == 1) break;
  }
  shape.clusters = std::max(shape.clusters, min_fat32_clusters);
  shape.table = round_up((shape.clusters + 2) * 4, sector) / sector;
  const std::uint64_t before = first_reserved + copies * shape.table;
  constexpr std::uint64_t aligned = 2048;  // sectors: 1 MiB, as flash likes it
  const std::uint64_t data = std::max(lead / sector, round_up(before, aligned));
  shape.reserved = data - copies * shape.table;
  shape.sectors = data + shape.clusters * shape.per_cluster;
  return shape;
}

void fat32_boot_sector(Writer& out, const Fat32Shape& shape, std::uint32_t serial,
                       FormatPlace place) {
  // Whoever starts from it stops: hlt, and again.
  out.u8(0xeb).u8(0x58).u8(0x90).text("SALLYPRT");
  out.u16(sector).u8(static_cast<std::uint8_t>(shape.per_cluster));
  out.u16(static_cast<std::uint16_t>(shape.reserved)).u8(copies);
  out.u16(0).u16(0).u8(0xf8).u16(0);  // no fixed root, sizes below, media
  out.u16(63).u16(255);               // sectors and heads, for nobody
  out.u32(static_cast<std::uint32_t>(place.sectors_before));
  out.u32(static_cast<std::uint32_t>(shape.sectors));
  out.u32(static_cast<std::uint32_t>(shape.table)).u16(0).u16(0);
  out.u32(2).u16(1).u16(backup_at).zeros(12);  // root folder, FSInfo, backup
  out.u8(0x80).u8(0).u8(0x29).u32(serial).text(volume_label).text("FAT32   ");
  out.u8(0xf4).u8(0xeb).u8(0xfd).zeros(417).u16(0xaa55);
}

void info_sector(Writer& out, const Fat32Shape& shape) {
  out.u32(0x41615252).zeros(480).u32(0x61417272);
  out.u32(static_cast<std::uint32_t>(shape.clusters - shape.used));
  out.u32(static_cast<std::uint32_t>(shape.used + 2)).zeros(12).u32(0xaa550000);
}

class Fat32 final : public Format {
 public:
  Fat32(const Contents& contents, const Fat32Shape& shape, std::vector<std::uint64_t> folder_bytes,
        FormatPlace place)
      : contents_(contents), table_(shape.reserved * sector), table_length_(shape.table * sector) {
    geometry_ = {.heap = (shape.reserved + copies * shape.table) * sector,
                 .cluster = shape.per_cluster * sector,
                 .clusters = shape.clusters,
                 .size = shape.sectors * sector};
    folder_bytes_ = std::move(folder_bytes);
    places_ = Places(
        {.contents = contents, .folder_bytes = folder_bytes_, .cluster = geometry_.cluster}, 2);
    Writer out(head_);
    for (int copy = 0; copy < 2; ++copy) {
      fat32_boot_sector(out, shape, serial_of(contents), place);
      info_sector(out, shape);
      if (copy == 0) out.zeros((backup_at - 2) * sector);
    }
    const std::uint64_t words = (shape.used + 2) * 4;
    metadata_ = {{.offset = 0, .length = head_sectors * sector},
                 {.offset = table_, .length = words},
                 {.offset = table_ + table_length_, .length = words}};
  }

  volume::FileSystem kind() const override { return volume::FileSystem::fat; }

  void generate(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset < head_.size()) return copy_overlap(head_, 0, offset, out);
    Places::Run run;
    fill_words((offset - table_) % table_length_, out, [this, &run](std::uint32_t cluster) {
      if (cluster == 0) return 0x0ffffff8U;  // the media byte
      if (cluster == 1) return fat32_end;    // cleanly closed, no errors
      if (cluster < run.first || cluster >= run.end) run = places_.at(cluster);
      return cluster + 1 < run.end ? cluster + 1 : fat32_end;
    });
  }

  std::vector<std::byte> folder(std::uint32_t index) const override {
    return fat32_folder(contents_, places_, index);
  }

 private:
  const Contents& contents_;
  std::uint64_t table_;         // offset of the first copy
  std::uint64_t table_length_;  // of one
  std::vector<std::byte> head_;
};

}  // namespace

base::Result<std::unique_ptr<Format>> plan_fat32(const Contents& contents, FormatPlace place) {
  for (std::uint32_t i = 0; i < contents.items(); ++i) {
    if (contents.size(i) > max_fat32_file) {
      return base::fail("FAT32 for the release: a file has " + std::to_string(contents.size(i)) +
                        " bytes, at most " + std::to_string(max_fat32_file) + " fit; take exFAT");
    }
  }
  std::vector<std::uint64_t> folder_bytes;
  for (std::uint32_t i = 0; i < contents.folders(); ++i) {
    folder_bytes.push_back(fat32_folder_bytes(contents, i));
    if (folder_bytes.back() > max_fat32_folder) {
      return base::fail("FAT32 for the release: a folder has " +
                        std::to_string(contents.children(i).size()) +
                        " entries with names too long to fit; take exFAT");
    }
  }
  const Fat32Shape shape = fat32_shape(contents, folder_bytes);
  if (shape.clusters > max_fat32_clusters || shape.sectors > max_sectors - place.sectors_before) {
    return base::fail("FAT32 for the release: it would have " + std::to_string(shape.sectors) +
                      " sectors, which is too many; take exFAT");
  }
  return std::unique_ptr<Format>(
      std::make_unique<Fat32>(contents, shape, std::move(folder_bytes), place));
}

}  // namespace scannerqube::release
