// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/volume/apfs_nodes.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/wire/writer.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::apfs_image {
namespace {

using base::wire::Writer;

// Fletcher's checksum of an object, over all behind itself.
std::uint64_t checksum(std::string_view bytes) {
  constexpr std::uint64_t modulus = 0xffffffff;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  for (std::size_t at = 8; at < bytes.size(); at += 4) {
    low = (low + word_at(bytes, at)) % modulus;
    high = (high + low) % modulus;
  }
  const std::uint64_t first = modulus - (low + high) % modulus;
  const std::uint64_t second = modulus - (low + first) % modulus;
  return second << 32U | first;
}

}  // namespace

std::string text_of(const Buffer& bytes) { return std::string(base::wire::as_text(bytes)); }

std::uint32_t word_at(std::string_view bytes, std::size_t at) {
  base::wire::Reader in(base::wire::as_bytes(bytes.substr(at)));
  return in.u32();
}

std::uint64_t long_at(std::string_view bytes, std::size_t at) {
  base::wire::Reader in(base::wire::as_bytes(bytes.substr(at)));
  return in.u64();
}

void set(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes.at(at + i) = static_cast<char>(value >> (8 * i));
}

void write_sealed(const std::string& image, std::uint64_t block, std::string bytes) {
  set(bytes, 0, checksum(bytes), 8);
  poke(image, block * block_size, bytes);
}

std::size_t table_size(std::size_t records) {
  constexpr std::size_t table_entry = 8;
  return std::max<std::size_t>(128, (records * table_entry + 7) / 8 * 8);
}

std::string node(const NodeKind& kind, const std::vector<NodeRecord>& records) {
  const std::size_t table = table_size(records.size());
  const std::size_t end = block_size - (kind.root ? info_size : 0);
  Buffer entries;
  Buffer keys;
  Writer entry(entries);
  Writer key(keys);
  std::string bytes(block_size, '\0');
  std::size_t values = 0;
  for (const NodeRecord& record : records) {
    values += record.value->size();
    entry.u16(static_cast<std::uint16_t>(keys.size()));
    entry.u16(static_cast<std::uint16_t>(record.key->size()));
    entry.u16(static_cast<std::uint16_t>(values));
    entry.u16(static_cast<std::uint16_t>(record.value->size()));
    key.bytes(*record.key);
    bytes.replace(end - values, record.value->size(), text_of(*record.value));
  }
  const std::size_t free = end - header_size - table;
  if (keys.size() + values > free) std::abort();  // whoever split them knows
  Buffer head;
  Writer out(head);
  out.u64(0).u64(kind.object).u64(transaction).u32(kind.type).u32(kind.subtype);
  out.u16(static_cast<std::uint16_t>((kind.root ? 1 : 0) | (kind.level == 0 ? 2 : 0)));
  out.u16(kind.level).u32(static_cast<std::uint32_t>(records.size()));
  out.u16(0).u16(static_cast<std::uint16_t>(table));
  out.u16(static_cast<std::uint16_t>(keys.size()));
  out.u16(static_cast<std::uint16_t>(free - keys.size() - values));
  out.u16(0xffff).u16(0).u16(0xffff).u16(0);
  bytes.replace(0, head.size(), text_of(head));
  bytes.replace(header_size, entries.size(), text_of(entries));
  bytes.replace(header_size + table, keys.size(), text_of(keys));
  return bytes;
}

void put_info(std::string& bytes, const TreeInfo& info) {
  Buffer foot;
  Writer(foot)
      .u32(info.flags)
      .u32(block_size)
      .u64(0)
      .u32(static_cast<std::uint32_t>(info.longest_key))
      .u32(static_cast<std::uint32_t>(info.longest_value))
      .u64(info.keys)
      .u64(info.nodes);
  bytes.replace(bytes.size() - info_size, info_size, text_of(foot));
}

void put_mapping(std::string& map, std::size_t index, std::uint64_t object, std::uint64_t block) {
  constexpr std::size_t table = 448;          // as mkapfs made it
  if ((index + 1) * 4 > table) std::abort();  // more than this writer has room for
  const std::size_t key = header_size + table + 16 * index;
  const std::size_t value = block_size - info_size - 16 * (index + 1);
  set(map, header_size + 4 * index, 16 * index, 2);
  set(map, header_size + 4 * index + 2, 16 * (index + 1), 2);
  set(map, key, object, 8);
  set(map, key + 8, transaction, 8);
  set(map, value, std::uint64_t{block_size} << 32U, 8);
  set(map, value + 8, block, 8);
  const std::size_t count = index + 1;
  set(map, 0x24, count, 4);
  set(map, 0x2c, 16 * count, 2);
  set(map, 0x2e, block_size - header_size - info_size - table - 32 * count, 2);
  set(map, block_size - 16, count, 8);
}

std::string read_block(const std::string& image, std::uint64_t block) {
  std::string bytes(block_size, '\0');
  std::ifstream in(image, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(block * block_size));
  if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) std::abort();
  return bytes;
}

}  // namespace tests::apfs_image
