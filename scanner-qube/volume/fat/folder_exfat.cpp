// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "scanner-qube/volume/fat/folder.hpp"
#include "scanner-qube/volume/fat/names.hpp"

namespace scannerqube::volume::fat {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

constexpr std::size_t max_secondaries = 18;
constexpr std::uint8_t in_use = 0x80;
constexpr std::uint8_t bitmap_type = 0x81;
constexpr std::uint8_t upcase_type = 0x82;
constexpr std::uint8_t file_type = 0x85;
constexpr std::uint8_t stream_type = 0xc0;
constexpr std::uint8_t name_type = 0xc1;

std::uint8_t type_of(Bytes record) { return std::to_integer<std::uint8_t>(record[0]); }

// Over all records of a set, but for its own two bytes.
std::uint16_t checksum(Bytes set) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i == 2 || i == 3) continue;
    sum = (((sum & 1U) << 15) + (sum >> 1) + std::to_integer<unsigned>(set[i])) & 0xffffU;
  }
  return static_cast<std::uint16_t>(sum);
}

}  // namespace

void ExfatFolder::push(Bytes untrusted, Items& out) {
  while (untrusted.size() >= folder_record && out.ended == Items::Ended::no) {
    record(untrusted.first(folder_record), out);
    untrusted = untrusted.subspan(folder_record);
  }
}

void ExfatFolder::record(Bytes record, Items& out) {
  const std::uint8_t type = type_of(record);
  if (missing_ > 0) {
    if ((type & 0xc0U) == 0xc0U) {
      set_.insert(set_.end(), record.begin(), record.end());
      if (--missing_ == 0) finish(out);
      return;
    }
    out.damages.emplace_back("a file's records end too early");
    missing_ = 0;
  }
  if (type == 0) {
    out.ended = Items::Ended::yes;
  } else if (type == file_type) {
    file(record, out);
  } else if (type == bitmap_type) {
    special(record, "$ALLOC_BITMAP", out);
  } else if (type == upcase_type) {
    special(record, "$UPCASE_TABLE", out);
  } else if ((type & in_use) != 0 && (type & 0x40U) != 0) {
    out.damages.emplace_back("a record of a file without the file");
  }
}

// What the volume itself keeps in clusters.
void ExfatFolder::special(Bytes record, const char* name, Items& out) {
  Reader in(record.subspan(20));
  Item item{.kind = Item::Kind::special, .name = name, .first = in.u32(), .size = in.u64()};
  item.filled = item.size;
  out.items.push_back(std::move(item));
}

void ExfatFolder::file(Bytes record, Items& out) {
  const auto count = std::to_integer<std::size_t>(record[1]);
  if (count < 2 || count > max_secondaries) {
    out.damages.emplace_back("a file of " + std::to_string(count) + " records");
    return;
  }
  set_.assign(record.begin(), record.end());
  missing_ = count;
}

void ExfatFolder::finish(Items& out) {
  const Bytes set(set_);
  Reader head(set);
  head.u16();
  if (head.u16() != checksum(set))
    out.damages.emplace_back("a file's records have a wrong checksum");
  const std::uint16_t attributes = head.u16();
  const Bytes stream = set.subspan(folder_record, folder_record);
  if (type_of(stream) != stream_type) {
    out.damages.emplace_back("a file without its stream");
    return;
  }
  Reader in(stream.subspan(1));
  const std::uint8_t flags = in.u8();
  in.u8();
  const std::size_t letters = in.u8();
  in.u32();  // hash of the name, reserved
  Item item;
  item.filled = in.u64();
  in.u32();
  item.first = in.u32();
  item.size = in.u64();
  if (item.filled > item.size) {
    out.damages.emplace_back("a file with more valid bytes than it has");
    item.filled = item.size;
  }
  item.layout = (flags & 2U) != 0 ? Item::Layout::run : Item::Layout::chain;
  if ((attributes & 0x10U) != 0) item.kind = Item::Kind::folder;
  std::u16string name;
  for (std::size_t at = 2 * folder_record; at < set.size(); at += folder_record) {
    const Bytes part = set.subspan(at, folder_record);
    if (type_of(part) != name_type) continue;
    Reader units(part.subspan(2));
    while (!units.done() && units.ok()) name += static_cast<char16_t>(units.u16());
  }
  if (name.size() < letters) out.damages.emplace_back("a name shorter than its length says");
  name.resize(std::min(name.size(), letters));
  item.name = from_utf16(name);
  out.items.push_back(std::move(item));
}

}  // namespace scannerqube::volume::fat
