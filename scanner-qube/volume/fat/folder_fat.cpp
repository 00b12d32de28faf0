// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "scanner-qube/volume/fat/folder.hpp"
#include "scanner-qube/volume/fat/names.hpp"

namespace scannerqube::volume::fat {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

constexpr std::size_t letters_each = 13;
constexpr unsigned max_pieces = 20;
constexpr std::uint8_t label = 0x08;
constexpr std::uint8_t folder = 0x10;
constexpr std::uint8_t long_mark = 0x0f;

}  // namespace

void FatFolder::push(Bytes untrusted, Items& out) {
  while (untrusted.size() >= folder_record) {
    if (out.ended == Items::Ended::no) {
      record(untrusted.first(folder_record), out);
    } else {
      behind_the_end(untrusted.first(folder_record), out);
    }
    untrusted = untrusted.subspan(folder_record);
  }
}

// Windows stops at the mark of the end, Linux does not (fs/fat/dir.c).
void FatFolder::behind_the_end(Bytes record, Items& out) {
  const auto first = std::to_integer<std::uint8_t>(record[0]);
  if (first == 0 || first == 0xe5 || met_behind_) return;
  met_behind_ = true;
  out.damages.emplace_back("records behind its end, which some systems show");
}

void FatFolder::long_name(Bytes record) {
  Reader in(record);
  const std::uint8_t order = in.u8();
  const unsigned number = order & 0x3fU;
  if ((order & 0x40U) != 0) {
    expected_ = number;
    whole_ = false;
    long_.assign(std::size_t{std::min(number, max_pieces)} * letters_each, u'\0');
    checksum_ = std::to_integer<std::uint8_t>(record[13]);
  }
  const bool fits = number != 0 && number <= max_pieces && number == expected_ &&
                    checksum_ == std::to_integer<std::uint8_t>(record[13]);
  if (!fits) {
    expected_ = 0;
    return;
  }
  std::size_t at = std::size_t{number - 1} * letters_each;
  const auto take = [this, &at](Reader& from, int count) {
    for (int i = 0; i < count; ++i) long_[at++] = from.u16();
  };
  take(in, 5);
  in.take(3);
  take(in, 6);
  in.take(2);
  take(in, 2);
  --expected_;
  whole_ = expected_ == 0;
}

std::string FatFolder::name_of(Bytes record, std::uint8_t flags) {
  const bool matches = whole_ && checksum_ == short_checksum(record);
  whole_ = false;
  expected_ = 0;
  const std::string longer = matches ? from_utf16(long_) : std::string();
  return longer.empty() ? short_name(record.first(11), flags) : longer;
}

void FatFolder::record(Bytes record, Items& out) {
  const auto first = std::to_integer<std::uint8_t>(record[0]);
  const auto attributes = std::to_integer<std::uint8_t>(record[11]);
  if (first == 0) {
    out.ended = Items::Ended::yes;
    return;
  }
  if (first == 0xe5) {
    whole_ = false;
    expected_ = 0;
    return;
  }
  if ((attributes & 0x3fU) == long_mark) return long_name(record);
  Reader in(record.subspan(12));
  const std::uint8_t flags = in.u8();
  in.take(7);
  const std::uint32_t high = in.u16();
  in.take(4);
  const std::uint32_t low = in.u16();
  const std::uint32_t size = in.u32();
  Item item{.name = name_of(record, flags), .first = high << 16 | low, .size = size};
  item.filled = size;
  // A label with a size is no label: nothing may hide behind the attribute.
  if ((attributes & label) != 0 && size == 0) {
    if (item.first != 0) out.damages.emplace_back("a label that has clusters");
    return;
  }
  if ((attributes & folder) != 0) {
    const auto raw = base::wire::as_text(record.first(11));
    item.kind = raw == ".          "   ? Item::Kind::self
                : raw == "..         " ? Item::Kind::parent
                                       : Item::Kind::folder;
  }
  out.items.push_back(std::move(item));
}

}  // namespace scannerqube::volume::fat
