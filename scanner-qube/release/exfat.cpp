// SPDX-License-Identifier: GPL-2.0-or-later
// exFAT: Microsoft's "exFAT file system specification" of 2019.
#include <algorithm>

#include "base/wire/writer.hpp"
#include "scanner-qube/release/exfat_folder.hpp"
#include "scanner-qube/release/exfat_upcase.hpp"

namespace scannerqube::release {
namespace {

using base::wire::Writer;

constexpr std::uint64_t boot_sectors = 12;  // of one region; a second follows it
constexpr std::uint64_t table_at = 128;     // sectors
constexpr unsigned sector_shift = 9;
constexpr unsigned smallest_cluster = 12;  // as powers of two
constexpr unsigned largest_cluster = 25;
constexpr std::uint64_t enough_clusters = std::uint64_t{1} << 20;  // then rather larger ones
constexpr std::uint32_t exfat_end = 0xffffffff;

struct ExfatShape {
  unsigned cluster_shift = 0;
  std::uint64_t bitmap = 0;  // clusters
  std::uint64_t upcase = 0;
  std::uint64_t used = 0;  // with both
  std::uint64_t clusters = 0;
  std::uint64_t table = 0;  // sectors
  std::uint64_t heap = 0;   // sectors

  std::uint64_t cluster() const { return std::uint64_t{1} << cluster_shift; }
  std::uint64_t sectors() const { return heap + (clusters << (cluster_shift - sector_shift)); }
};

// The bitmap has clusters of its own, which it counts too.
void fit_bitmap(ExfatShape& shape, std::uint64_t others) {
  shape.bitmap = 0;
  for (;;) {
    shape.used = others + shape.bitmap;
    shape.clusters = shape.used + round_up(tail, shape.cluster()) / shape.cluster();
    const std::uint64_t wanted = round_up((shape.clusters + 7) / 8, shape.cluster());
    if (shape.bitmap >= wanted >> shape.cluster_shift) return;
    shape.bitmap = wanted >> shape.cluster_shift;
  }
}

ExfatShape exfat_shape(const Contents& contents, const std::vector<std::uint64_t>& folder_bytes,
                       std::uint64_t upcase_length) {
  ExfatShape shape;
  for (shape.cluster_shift = smallest_cluster;; ++shape.cluster_shift) {
    shape.upcase = round_up(upcase_length, shape.cluster()) / shape.cluster();
    const std::uint64_t needed = Places::needed(
        {.contents = contents, .folder_bytes = folder_bytes, .cluster = shape.cluster()});
    fit_bitmap(shape, shape.upcase + needed);
    if (shape.used <= enough_clusters || shape.cluster_shift == largest_cluster) break;
  }
  shape.table = round_up((shape.clusters + 2) * 4, sector) / sector;
  constexpr std::uint64_t aligned = std::uint64_t{1} << 20;
  shape.heap = round_up(std::max(lead, (table_at + shape.table) * sector),
                        std::max(aligned, shape.cluster())) /
               sector;
  return shape;
}

void exfat_boot_sector(Writer& out, const ExfatShape& shape, std::uint32_t root,
                       const Contents& contents, FormatPlace place) {
  out.u8(0xeb).u8(0x76).u8(0x90).text("EXFAT   ").zeros(53);
  out.u64(place.sectors_before).u64(shape.sectors());
  out.u32(table_at).u32(static_cast<std::uint32_t>(shape.table));
  out.u32(static_cast<std::uint32_t>(shape.heap)).u32(static_cast<std::uint32_t>(shape.clusters));
  out.u32(root).u32(serial_of(contents)).u16(0x0100).u16(0);  // revision 1.0, closed cleanly
  out.u8(sector_shift).u8(static_cast<std::uint8_t>(shape.cluster_shift - sector_shift));
  out.u8(1).u8(0x80).u8(static_cast<std::uint8_t>(shape.used * 100 / shape.clusters)).zeros(7);
  // Whoever starts from it stops.
  for (int i = 0; i < 390; ++i) out.u8(0xf4);
  out.u16(0xaa55);
}

// Eleven sectors, and one of their checksum.
std::vector<std::byte> boot_region(const ExfatShape& shape, std::uint32_t root,
                                   const Contents& contents, FormatPlace place) {
  std::vector<std::byte> bytes;
  Writer out(bytes);
  exfat_boot_sector(out, shape, root, contents, place);
  for (int i = 0; i < 8; ++i) out.zeros(508).u32(0xaa550000);
  out.zeros(2 * sector);  // parameters, reserved
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    // What a driver may change while it is mounted.
    if (i == 106 || i == 107 || i == 112) continue;
    sum = exfat_checksum(sum, bytes[i]);
  }
  for (std::size_t i = 0; i < sector / 4; ++i) out.u32(sum);
  return bytes;
}

class Exfat final : public Format {
 public:
  Exfat(const Contents& contents, const ExfatShape& shape, std::vector<std::uint64_t> folder_bytes,
        FormatPlace place)
      : contents_(contents), used_(shape.used), upcase_(exfat_upcase_table()) {
    geometry_ = {.heap = shape.heap * sector,
                 .cluster = shape.cluster(),
                 .clusters = shape.clusters,
                 .size = shape.sectors() * sector};
    folder_bytes_ = std::move(folder_bytes);
    system_.bitmap = 2;
    system_.bitmap_length = (shape.clusters + 7) / 8;
    system_.upcase = static_cast<std::uint32_t>(2 + shape.bitmap);
    system_.upcase_length = upcase_.size();
    for (const std::byte b : upcase_) {
      system_.upcase_checksum = exfat_checksum(system_.upcase_checksum, b);
    }
    places_ =
        Places({.contents = contents, .folder_bytes = folder_bytes_, .cluster = geometry_.cluster},
               static_cast<std::uint32_t>(system_.upcase + shape.upcase));
    head_ = boot_region(shape, places_.folder(0), contents, place);
    const std::vector<std::byte> again = head_;
    head_.insert(head_.end(), again.begin(), again.end());
    // Everything behind the root is side by side and not in the table.
    metadata_ = {{.offset = 0, .length = head_.size()},
                 {.offset = table_at * sector, .length = std::uint64_t{places_.at(root()).end} * 4},
                 {.offset = geometry_.heap, .length = (used_ + 7) / 8},
                 {.offset = upcase_at(), .length = upcase_.size()}};
  }

  volume::FileSystem kind() const override { return volume::FileSystem::exfat; }

  void generate(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset < head_.size()) return copy_overlap(head_, 0, offset, out);
    if (offset >= upcase_at()) return copy_overlap(upcase_, upcase_at(), offset, out);
    if (offset >= geometry_.heap) return bitmap(offset - geometry_.heap, out);
    fill_words(offset - table_at * sector, out, [this](std::uint32_t cluster) {
      if (cluster == 0) return 0xfffffff8U;
      const bool last = cluster == 1 || cluster + 1 == system_.upcase || cluster + 1 == root() ||
                        cluster + 1 == places_.at(root()).end;
      return last ? exfat_end : cluster + 1;
    });
  }

  std::vector<std::byte> folder(std::uint32_t index) const override {
    return exfat_folder(contents_, *this, system_, index);
  }

 private:
  std::uint32_t root() const { return places_.folder(0); }
  std::uint64_t upcase_at() const {
    return geometry_.heap + std::uint64_t{system_.upcase - 2} * geometry_.cluster;
  }
  // All clusters from the first to the last that is used.
  void bitmap(std::uint64_t offset, std::span<std::byte> out) const {
    for (std::byte& byte : out) {
      const std::uint64_t left = used_ - std::min(used_, offset++ * 8);
      byte = left >= 8 ? std::byte{0xff} : static_cast<std::byte>((1U << left) - 1);
    }
  }

  const Contents& contents_;
  std::uint64_t used_;
  std::vector<std::byte> upcase_;
  std::vector<std::byte> head_;
  ExfatSystem system_;
};

}  // namespace

base::Result<std::unique_ptr<Format>> plan_exfat(const Contents& contents, FormatPlace place) {
  std::vector<std::uint64_t> folder_bytes;
  for (std::uint32_t i = 0; i < contents.folders(); ++i) {
    folder_bytes.push_back(exfat_folder_bytes(contents, i));
    if (folder_bytes.back() > max_folder_bytes) {
      return base::fail("exFAT for the release: a folder has " +
                        std::to_string(contents.children(i).size()) +
                        " entries with names too long to fit; release fewer files at once");
    }
  }
  const ExfatShape shape = exfat_shape(contents, folder_bytes, exfat_upcase_table().size());
  if (shape.clusters > volume::max_clusters) {
    return base::fail("exFAT for the release: it would have " + std::to_string(shape.clusters) +
                      " clusters, at most " + std::to_string(volume::max_clusters));
  }
  return std::unique_ptr<Format>(
      std::make_unique<Exfat>(contents, shape, std::move(folder_bytes), place));
}

}  // namespace scannerqube::release
