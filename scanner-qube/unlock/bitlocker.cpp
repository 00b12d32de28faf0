// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/unlock/bitlocker.hpp"

#include <string_view>
#include <vector>

namespace scannerqube::unlock {
namespace {

using base::wire::Bytes;
using base::wire::Reader;
using namespace std::string_view_literals;

constexpr std::string_view signature = "-FVE-FS-"sv;
constexpr std::size_t fixed_disk_place = 160;  // of a GUID and three offsets, since Windows 7
constexpr std::size_t to_go_place = 424;       // the same, of a removable volume
// 4967d63b-2e29-4ad8-8399-f6a339e3d001: encrypted as a whole.
constexpr std::string_view whole =
    "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"sv;
constexpr std::size_t block_header = 64;
constexpr std::size_t metadata_header = 48;
constexpr std::uint16_t encrypted_state = 4;
constexpr std::uint16_t volume_header_entry = 15;
constexpr std::size_t entry_header = 8;

bool has(Bytes bytes, std::size_t offset, std::string_view text) {
  return bytes.size() >= offset + text.size() &&
         base::wire::as_text(bytes.subspan(offset, text.size())) == text;
}

// Where the entries say that the file system's first bytes are: once.
bool find_header(Bytes entries, volume::Range& header) {
  bool found = false;
  while (entries.size() >= entry_header) {
    Reader in(entries);
    const std::uint16_t size = in.u16();
    const std::uint16_t type = in.u16();
    if (size == 0) break;
    if (size < entry_header || size > entries.size()) return false;
    if (type == volume_header_entry) {
      if (found) return false;
      Reader place(entries.subspan(entry_header, size - entry_header));
      header.offset = place.u64();
      header.length = place.u64();
      if (!place.ok()) return false;
      found = true;
    }
    entries = entries.subspan(size);
  }
  return found;
}

struct Metadata {
  std::vector<std::byte> bytes;  // headers and entries
  volume::Range header = {};     // as the block's own header has it
  bool settled = false;
};

// One of the copies.
base::Result<Metadata> read_metadata(const volume::Source& volume, std::uint64_t at,
                                     std::uint32_t sector_size) {
  auto bytes = volume::read_some(volume, at, static_cast<std::size_t>(bitlocker_metadata_size));
  if (!bytes) return base::fail("its metadata cannot be read");
  Metadata metadata;
  Reader in(*bytes);
  const Bytes mark = in.take(signature.size());
  in.take(2);
  const std::uint16_t version = in.u16();
  const std::uint16_t state = in.u16();
  const std::uint16_t next_state = in.u16();
  in.take(12);  // the volume's size, and what nobody knows
  const std::uint32_t header_sectors = in.u32();
  in.take(24);  // where the copies are
  metadata.header.offset = in.u64();
  const std::uint32_t size = in.u32();
  if (!in.ok() || base::wire::as_text(mark) != signature || version != 2) {
    return base::fail("its metadata are not where its first sector says, or of another version");
  }
  if (size < metadata_header || size > bytes->size() - block_header) {
    return base::fail("its metadata have a size that cannot be");
  }
  metadata.header.length = std::uint64_t{header_sectors} * sector_size;
  metadata.settled = state == encrypted_state && next_state == encrypted_state;
  bytes->resize(block_header + size);
  metadata.bytes = *std::move(bytes);
  return metadata;
}

}  // namespace

base::Result<BitlockerLayout> read_bitlocker(const volume::Source& volume) {
  const auto first = volume::read_some(volume, 0, 512);
  if (!first || first->size() < 512) return base::fail("its first sector cannot be read");
  BitlockerLayout layout;
  const bool fixed_disk = has(*first, 3, signature);
  if (!fixed_disk && !has(*first, 3, "MSWIN4.1"sv)) {
    return base::fail("its first sector is not BitLocker's");
  }
  Reader sector(Bytes(*first).subspan(11));
  layout.sector_size = sector.u16();
  if (layout.sector_size != 4096) layout.sector_size = 512;
  Reader place(Bytes(*first).subspan(fixed_disk ? fixed_disk_place : to_go_place));
  if (base::wire::as_text(place.take(whole.size())) != whole) {
    return base::fail("it is not encrypted as a whole, or in a way that is not known here");
  }
  for (std::uint64_t& offset : layout.metadata) offset = place.u64();

  // Each reader takes another copy for the good one.
  Metadata metadata;
  for (const std::uint64_t at : layout.metadata) {
    auto copy = read_metadata(volume, at, layout.sector_size);
    if (!copy) return base::Unexpected{copy.error()};
    if (!metadata.bytes.empty() && metadata.bytes != copy->bytes) {
      return base::fail("the copies of its metadata differ");
    }
    metadata = *std::move(copy);
  }
  layout.settled = metadata.settled;
  const Bytes entries = Bytes(metadata.bytes).subspan(block_header + metadata_header);
  if (!find_header(entries, layout.header) || layout.header != metadata.header) {
    return base::fail("its metadata do not agree where the file system begins");
  }
  return layout;
}

}  // namespace scannerqube::unlock
