// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/gpt.hpp"

#include <algorithm>
#include <array>

namespace scannerqube::volume {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

constexpr std::size_t min_header = 92;
constexpr std::size_t min_entry = 128;
constexpr std::size_t max_entry = 4096;

struct Header {
  std::uint32_t size = 0;
  std::uint32_t checksum = 0;
  std::uint64_t own = 0;
  std::uint64_t other = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t entries = 0;
  std::uint32_t count = 0;
  std::uint32_t entry_size = 0;
  std::uint32_t entries_checksum = 0;
};

Header parse(Bytes untrusted) {
  Reader in(untrusted);
  in.take(12);  // signature and revision
  Header header;
  header.size = in.u32();
  header.checksum = in.u32();
  in.u32();
  header.own = in.u64();
  header.other = in.u64();
  header.first = in.u64();
  header.last = in.u64();
  in.take(16);  // the disk's GUID
  header.entries = in.u64();
  header.count = in.u32();
  header.entry_size = in.u32();
  header.entries_checksum = in.u32();
  return header;
}

std::string hex(std::uint64_t value, int digits) {
  constexpr std::string_view letters = "0123456789abcdef";
  std::string text(static_cast<std::size_t>(digits), '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, value >>= 4) *at = letters[value & 15];
  return text;
}

// The first three fields are little-endian, the rest is bytes.
std::string guid(Bytes bytes) {
  Reader in(bytes);
  std::string text = hex(in.u32(), 8);
  text += "-" + hex(in.u16(), 4);
  text += "-" + hex(in.u16(), 4);
  base::wire::BigReader rest(in.rest());
  text += "-" + hex(rest.u16(), 4);
  text += "-" + hex(rest.u16(), 4);
  return text + hex(rest.u32(), 8);
}

void check_header(Bytes sector, const Header& header, std::uint64_t offset, std::uint32_t size,
                  Gpt& gpt) {
  if (header.size < min_header || header.size > sector.size()) {
    gpt.damages.emplace_back("a header of " + std::to_string(header.size) + " bytes");
    return;
  }
  std::vector<std::byte> copy(sector.begin(), sector.begin() + header.size);
  std::fill_n(copy.begin() + 16, 4, std::byte{0});
  if (crc32(copy) != header.checksum) gpt.damages.emplace_back("a header with a wrong checksum");
  if (header.own != offset / size) {
    gpt.damages.emplace_back("a header that says it stands elsewhere");
  }
}

void read_entries(const Source& source, const Header& header, std::uint32_t sector, TableKind kind,
                  Gpt& gpt) {
  const std::uint64_t sectors = source.size() / sector;
  if (header.entry_size < min_entry || header.entry_size > max_entry ||
      header.entry_size % 8 != 0) {
    gpt.damages.emplace_back("entries of " + std::to_string(header.entry_size) + " bytes");
    return;
  }
  const std::size_t count = std::min<std::size_t>(header.count, max_table_entries);
  if (header.count > max_table_entries) {
    gpt.damages.emplace_back("more than " + std::to_string(max_table_entries) + " entries");
  }
  if (header.entries >= sectors) {
    gpt.damages.emplace_back("entries beyond the medium");
    return;
  }
  const Range where{.offset = header.entries * sector, .length = count * header.entry_size};
  gpt.tables.push_back(where);
  const auto bytes = read_some(source, where.offset, static_cast<std::size_t>(where.length));
  if (!bytes || bytes->size() < where.length) {
    gpt.damages.emplace_back("entries that cannot be read");
    return;
  }
  if (count == header.count && crc32(*bytes) != header.entries_checksum) {
    gpt.damages.emplace_back("entries with a wrong checksum");
  }
  for (std::size_t i = 0; i < count; ++i) {
    Reader in(Bytes(*bytes).subspan(i * header.entry_size, header.entry_size));
    const Bytes type = in.take(16);
    if (base::wire::all_zeros(type)) continue;
    in.take(16);
    const std::uint64_t first = in.u64();
    const std::uint64_t last = in.u64();
    if (last < first || last - first >= sectors || first >= sectors) {
      gpt.damages.emplace_back("entry " + std::to_string(i) + " lies outside the medium");
      if (last < first || first >= sectors) continue;
    }
    if (first < header.first || last > header.last) {
      gpt.damages.emplace_back("entry " + std::to_string(i) + " lies outside the usable range");
    }
    // At most the medium's own size is kept: this cannot wrap.
    const std::uint64_t length = std::min(last - first, sectors - first - 1) + 1;
    gpt.parts.push_back({.where = {.offset = first * sector, .length = length * sector},
                         .table = kind,
                         .type = guid(type),
                         .note = {}});
  }
}

}  // namespace

std::uint32_t crc32(Bytes bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const std::byte b : bytes) {
    crc ^= std::to_integer<std::uint32_t>(b);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}

std::optional<Gpt> read_gpt(const Source& source, std::uint64_t offset, std::uint32_t sector,
                            TableKind kind) {
  const auto bytes = read_some(source, offset, sector);
  if (!bytes || bytes->size() < sector) return std::nullopt;
  if (base::wire::as_text(*bytes).substr(0, 8) != "EFI PART") return std::nullopt;
  const Header header = parse(*bytes);
  Gpt gpt;
  gpt.tables.push_back({.offset = offset, .length = sector});
  if (header.other < source.size() / sector) gpt.other = header.other * sector;
  check_header(*bytes, header, offset, sector, gpt);
  read_entries(source, header, sector, kind, gpt);
  return gpt;
}

}  // namespace scannerqube::volume
