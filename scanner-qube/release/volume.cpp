// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/volume.hpp"

#include "base/wire/writer.hpp"

namespace scannerqube::release {
namespace {

constexpr std::uint64_t partition_start = std::uint64_t{1} << 20;
constexpr std::uint64_t max_table_sectors = 0xffffffff;

base::Result<std::unique_ptr<Format>> plan(const Contents& contents, FormatWish wish,
                                           FormatPlace place) {
  switch (wish) {
    case FormatWish::fat32:
      return plan_fat32(contents, place);
    case FormatWish::exfat:
      return plan_exfat(contents, place);
    case FormatWish::fat32_if_it_fits:
      break;
  }
  auto fat32 = plan_fat32(contents, place);
  return fat32 ? std::move(fat32) : plan_exfat(contents, place);
}

}  // namespace

base::Result<Volume> Volume::make(ReleaseList list, VolumeOptions options) {
  auto contents = Contents::make(
      std::move(list),
      {.report = std::move(options.report), .note = std::move(options.note), .time = options.time});
  if (!contents) return base::Unexpected{contents.error()};
  Volume made;
  made.contents_ = std::make_unique<const Contents>(*std::move(contents));
  made.start_ = options.table == Table::mbr ? partition_start : 0;
  auto format = plan(*made.contents_, options.format, {.sectors_before = made.start_ / sector});
  if (!format) return base::Unexpected{format.error()};
  made.format_ = *std::move(format);
  if (made.size() > options.largest) {
    return base::fail("the release: its volume would have " + std::to_string(made.size()) +
                      " bytes, at most " + std::to_string(options.largest) +
                      " are there or allowed; release less, or make room");
  }
  if (options.table == Table::mbr) {
    if (made.size() / sector > max_table_sectors) {
      return base::fail("a partition table for the release: MBR ends at 2 TiB, the volume has " +
                        std::to_string(made.size()) + " bytes; make it without a table");
    }
    made.make_table();
  }
  return made;
}

void Volume::make_table() {
  const bool is_exfat = format_->kind() == volume::FileSystem::exfat;
  base::wire::Writer out(table_);
  // Whoever starts from it stops: hlt, and again.
  out.u8(0xf4).u8(0xeb).u8(0xfd).zeros(437).u32(serial_of(*contents_)).u16(0);
  // The three bytes of a place by heads say that it is beyond what they can.
  out.u8(0).u8(0xfe).u16(0xffff).u8(is_exfat ? 0x07 : 0x0c).u8(0xfe).u16(0xffff);
  out.u32(static_cast<std::uint32_t>(start_ / sector));
  out.u32(static_cast<std::uint32_t>(format_->geometry().size / sector));
  out.zeros(48).u16(0xaa55);
}

}  // namespace scannerqube::release
