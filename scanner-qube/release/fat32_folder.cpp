// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/fat32_folder.hpp"

#include <algorithm>

#include "base/wire/writer.hpp"
#include "scanner-qube/release/dos_time.hpp"
#include "scanner-qube/release/safe_name.hpp"
#include "scanner-qube/release/short_names.hpp"
#include "scanner-qube/volume/fat/names.hpp"

namespace scannerqube::release {
namespace {

using base::wire::Writer;

constexpr std::size_t fat_letters = 13;
constexpr std::uint8_t fat_archive = 0x20;
constexpr std::uint8_t fat_directory = 0x10;
constexpr std::uint8_t fat_label = 0x08;
constexpr std::uint8_t long_name = 0x0f;
constexpr std::uint8_t last_piece = 0x40;

std::size_t long_pieces(const std::u16string& name) {
  return (name.size() + fat_letters - 1) / fat_letters;
}

struct FatRecord {
  std::string_view name = {};  // eleven bytes
  std::uint8_t attributes = 0;
  std::uint32_t cluster = 0;
  std::uint32_t size = 0;
  std::int64_t modified = 0;
};

void put(Writer& out, const FatRecord& record) {
  const DosTime time = dos_time(record.modified);
  out.text(record.name).u8(record.attributes).u8(0);
  out.u8(time.hundredths).u16(time.time).u16(time.date).u16(time.date);
  out.u16(static_cast<std::uint16_t>(record.cluster >> 16)).u16(time.time).u16(time.date);
  out.u16(static_cast<std::uint16_t>(record.cluster & 0xffffU)).u32(record.size);
}

// The last piece first; behind the name a zero, then ones.
void put_long(Writer& out, const std::u16string& name, std::uint8_t checksum) {
  for (std::size_t piece = long_pieces(name); piece > 0; --piece) {
    const std::size_t start = (piece - 1) * fat_letters;
    std::size_t at = start;
    const auto letters = [&out, &name, &at](int count) {
      for (int i = 0; i < count; ++i, ++at) {
        const bool behind = at > name.size();
        out.u16(at < name.size() ? static_cast<std::uint16_t>(name[at]) : behind ? 0xffff : 0);
      }
    };
    const bool last = piece == long_pieces(name);
    out.u8(static_cast<std::uint8_t>(piece | (last ? last_piece : 0)));
    letters(5);
    out.u8(long_name).u8(0).u8(checksum);
    letters(6);
    out.u16(0);
    letters(2);
  }
}

}  // namespace

std::uint64_t fat32_folder_bytes(const Contents& contents, std::uint32_t folder) {
  std::uint64_t records = folder == 0 ? 1 : 2;  // the fat_label, or "." and ".."
  for (const auto& child : contents.children(folder)) {
    records += long_pieces(name_units(contents.name_of(child))) + 1;
  }
  return records * folder_record;
}

std::vector<std::byte> fat32_folder(const Contents& contents, const Places& places,
                                    std::uint32_t folder) {
  std::vector<std::byte> bytes;
  bytes.reserve(static_cast<std::size_t>(fat32_folder_bytes(contents, folder)));
  Writer out(bytes);
  if (folder == 0) {
    put(out, {.name = volume_label, .attributes = fat_label, .modified = contents.time()});
  } else {
    const std::uint32_t parent = contents.parent(folder);
    put(out, {.name = ".          ",
              .attributes = fat_directory,
              .cluster = places.folder(folder),
              .modified = contents.time()});
    // The root is written as 0 there.
    put(out, {.name = "..         ",
              .attributes = fat_directory,
              .cluster = parent == 0 ? 0 : places.folder(parent),
              .modified = contents.time()});
  }
  ShortNames shorts(contents, folder);
  for (const auto& child : contents.children(folder)) {
    const std::string_view name = contents.name_of(child);
    const std::string shorter = shorts.next(name);
    put_long(out, name_units(name), volume::fat::short_checksum(base::wire::as_bytes(shorter)));
    if (child.kind == Contents::Child::Kind::folder) {
      put(out, {.name = shorter,
                .attributes = fat_directory,
                .cluster = places.folder(child.index),
                .modified = contents.time()});
    } else {
      put(out, {.name = shorter,
                .attributes = fat_archive,
                .cluster = places.item(child.index),
                .size = static_cast<std::uint32_t>(contents.size(child.index)),
                .modified = contents.modified(child.index)});
    }
  }
  return bytes;
}

}  // namespace scannerqube::release
