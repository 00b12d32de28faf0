// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/iso/folder.hpp"

#include <algorithm>

#include "scanner-qube/volume/fat/names.hpp"

namespace scannerqube::volume::iso {
namespace {

using base::wire::BigReader;
using base::wire::Bytes;
using base::wire::Reader;

constexpr std::size_t least_record = 34;
constexpr std::uint8_t is_folder = 0x02;
constexpr std::uint8_t is_continued = 0x80;

std::string plain_name(Bytes bytes, Letters letters) {
  std::string name;
  if (letters == Letters::ucs2) {
    BigReader in(bytes);
    std::u16string units;
    while (in.rest().size() >= 2) units += static_cast<char16_t>(in.u16());
    name = fat::from_utf16(units);
  } else {
    name = base::wire::as_text(bytes);
  }
  const std::size_t version = name.rfind(';');
  if (version != std::string::npos && version != 0) name.resize(version);
  return name;
}

// Both byte orders must say the same; drivers differ in which they take.
std::uint32_t both(Reader& in, std::string& damage) {
  const std::uint32_t little = in.u32();
  const std::uint32_t big = BigReader(in.take(4)).u32();
  if (little != big) damage = "a record that says two things";
  return little;
}

void take_name(Bytes name, Letters letters, FolderRecord& record) {
  if (name.size() == 1 && name[0] == std::byte{0}) {
    record.kind = FolderRecord::Kind::self;
  } else if (name.size() == 1 && name[0] == std::byte{1}) {
    record.kind = FolderRecord::Kind::parent;
  } else {
    record.name = plain_name(name, letters);
    if (record.name.empty()) record.damage = "a record without a name";
  }
}

}  // namespace

Fields parse_fields(Bytes untrusted) {
  Fields fields;
  Reader in(untrusted);
  while (in.rest().size() >= 4) {
    const std::string_view signature = base::wire::as_text(in.take(2));
    const std::size_t length = in.u8();
    in.u8();
    if (length < 4) return fields;
    Reader field(in.take(length - 4));
    if (!in.ok() || signature == "ST") return fields;
    if (signature == "ZF") fields.compressed = true;
    if (signature == "CL") {
      const std::uint32_t block = field.u32();
      if (field.ok()) fields.relocated = block;
    }
    if (signature == "CE") {
      Continuation more{.block = field.u32()};
      field.take(4);
      more.offset = field.u32();
      field.take(4);
      more.length = field.u32();
      if (field.ok()) fields.continued = more;
    }
  }
  return fields;
}

std::optional<FolderRecord> Sector::bad(std::string why) {
  damage_ = std::move(why);
  in_ = Reader({});
  return std::nullopt;
}

std::optional<FolderRecord> Sector::next() {
  if (in_.rest().empty()) return std::nullopt;
  const std::size_t length = in_.u8();
  if (length == 0) {  // the rest of the sector is unused, and zeros (ECMA-119, 6.8.1.1)
    if (!base::wire::all_zeros(in_.rest())) return bad("something behind its last record");
    in_ = Reader({});
    return std::nullopt;
  }
  if (length < least_record) return bad("a record of " + std::to_string(length) + " bytes");
  Reader in(in_.take(length - 1));
  if (!in_.ok()) return bad("a record across two sectors");
  FolderRecord record;
  const std::uint8_t attributes = in.u8();
  record.first = std::uint64_t{both(in, record.damage)} + attributes;
  record.size = both(in, record.damage);
  in.take(7);  // its date
  const std::uint8_t flags = in.u8();
  const std::uint8_t unit = in.u8();
  const std::uint8_t gap = in.u8();
  in.take(4);  // which disc of a set
  const std::size_t name_length = in.u8();
  const Bytes name = in.take(name_length);
  if (!in.ok() || name.empty()) return bad("a record whose name does not fit in");
  if (name_length % 2 == 0) in.take(1);
  if ((flags & is_folder) != 0) record.kind = FolderRecord::Kind::folder;
  record.continues = (flags & is_continued) != 0;
  take_name(name, letters_, record);
  if (unit != 0 || gap != 0) record.damage = "a file in interleaved pieces";
  if (in.ok()) record.fields = parse_fields(in.rest());
  return record;
}

}  // namespace scannerqube::volume::iso
