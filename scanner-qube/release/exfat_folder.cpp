// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/exfat_folder.hpp"

#include <algorithm>

#include "base/wire/writer.hpp"
#include "scanner-qube/release/dos_time.hpp"
#include "scanner-qube/release/exfat_upcase.hpp"
#include "scanner-qube/release/safe_name.hpp"

namespace scannerqube::release {
namespace {

using base::wire::Writer;

constexpr std::size_t exfat_letters = 15;
constexpr std::size_t label_letters = 11;
constexpr std::string_view exfat_label = "SALLYPORT";
constexpr std::uint16_t exfat_directory = 0x10;
constexpr std::uint16_t exfat_archive = 0x20;
constexpr std::uint8_t may_have_clusters = 1;
constexpr std::uint8_t side_by_side = 2;  // no chain in the allocation table
constexpr std::uint8_t utc = 0x80;

std::size_t name_pieces(const std::u16string& name) {
  return (name.size() + exfat_letters - 1) / exfat_letters;
}

std::uint16_t turn(std::uint16_t sum, unsigned next) {
  return static_cast<std::uint16_t>(((sum & 1U) << 15U) + (sum >> 1U) + next);
}

std::uint16_t name_hash(const std::u16string& name) {
  std::uint16_t hash = 0;
  for (const char16_t c : name) {
    const std::uint16_t capital = exfat_capitals()[c];
    hash = turn(turn(hash, capital & 0xffU), capital >> 8U);
  }
  return hash;
}

struct ExfatSet {
  std::u16string name = {};
  std::uint16_t attributes = 0;
  std::uint32_t cluster = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;
};

void put(std::vector<std::byte>& bytes, const ExfatSet& set) {
  const std::size_t start = bytes.size();
  Writer out(bytes);
  const DosTime time = dos_time(set.modified);
  const std::uint32_t stamp = static_cast<std::uint32_t>(time.date) << 16U | time.time;
  out.u8(0x85).u8(static_cast<std::uint8_t>(1 + name_pieces(set.name))).u16(0);
  out.u16(set.attributes).u16(0).u32(stamp).u32(stamp).u32(stamp);
  out.u8(time.hundredths).u8(time.hundredths).u8(utc).u8(utc).u8(utc).zeros(7);
  // Without clusters there is nothing that could be side by side.
  const std::uint8_t flags =
      set.cluster == 0 ? may_have_clusters : may_have_clusters | side_by_side;
  out.u8(0xc0).u8(flags).u8(0).u8(static_cast<std::uint8_t>(set.name.size()));
  out.u16(name_hash(set.name)).u16(0).u64(set.size).u32(0).u32(set.cluster).u64(set.size);
  for (std::size_t at = 0; at < set.name.size();) {
    out.u8(0xc1).u8(0);
    for (std::size_t i = 0; i < exfat_letters; ++i, ++at) {
      out.u16(at < set.name.size() ? static_cast<std::uint16_t>(set.name[at]) : 0);
    }
  }
  std::uint16_t sum = 0;
  for (std::size_t i = start; i < bytes.size(); ++i) {
    if (i == start + 2 || i == start + 3) continue;  // the sum itself
    sum = turn(sum, std::to_integer<unsigned>(bytes[i]));
  }
  bytes[start + 2] = static_cast<std::byte>(sum & 0xffU);
  bytes[start + 3] = static_cast<std::byte>(sum >> 8U);
}

void put_system(Writer& out, const ExfatSystem& system) {
  out.u8(0x83).u8(static_cast<std::uint8_t>(exfat_label.size()));
  for (std::size_t i = 0; i < label_letters; ++i) {
    out.u16(i < exfat_label.size() ? static_cast<std::uint8_t>(exfat_label[i]) : 0);
  }
  out.zeros(8);
  out.u8(0x81).u8(0).zeros(18).u32(system.bitmap).u64(system.bitmap_length);
  out.u8(0x82).zeros(3).u32(system.upcase_checksum).zeros(12);
  out.u32(system.upcase).u64(system.upcase_length);
}

}  // namespace

std::uint64_t exfat_folder_bytes(const Contents& contents, std::uint32_t folder) {
  // An empty folder has clusters too; the first record says that it is one.
  std::uint64_t records = folder == 0 ? 3 : 0;
  for (const auto& child : contents.children(folder)) {
    records += 2 + name_pieces(name_units(contents.name_of(child)));
  }
  return std::max<std::uint64_t>(records, 1) * folder_record;
}

std::vector<std::byte> exfat_folder(const Contents& contents, const Format& format,
                                    const ExfatSystem& system, std::uint32_t folder) {
  std::vector<std::byte> bytes;
  bytes.reserve(static_cast<std::size_t>(format.folder_bytes(folder)));
  if (folder == 0) {
    Writer out(bytes);
    put_system(out, system);
  }
  for (const auto& child : contents.children(folder)) {
    ExfatSet set{.name = name_units(contents.name_of(child)), .modified = contents.time()};
    if (child.kind == Contents::Child::Kind::folder) {
      set.attributes = exfat_directory;
      set.cluster = format.places().folder(child.index);
      set.size = round_up(format.folder_bytes(child.index), format.geometry().cluster);
    } else {
      set.attributes = exfat_archive;
      set.cluster = format.places().item(child.index);
      set.size = contents.size(child.index);
      set.modified = contents.modified(child.index);
    }
    put(bytes, set);
  }
  bytes.resize(static_cast<std::size_t>(format.folder_bytes(folder)));
  return bytes;
}

}  // namespace scannerqube::release
