// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/hostile/hfs_volume.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/wire/writer.hpp"

namespace tests::hostile {
namespace {

using base::wire::BigWriter;
using Buffer = std::vector<std::byte>;

constexpr std::uint32_t block = 4096;
constexpr std::uint32_t allocation_at = 1;
constexpr std::uint32_t extents_at = 2;
constexpr std::uint32_t catalog_at = 3;  // its header, and its one leaf
constexpr std::uint32_t data_at = 8;
constexpr std::uint32_t date = 0xe0000000;
constexpr std::uint32_t root_folder = 2;

void fork(BigWriter& out, std::uint64_t size, std::uint32_t first) {
  const auto count = static_cast<std::uint32_t>((size + block - 1) / block);
  out.u64(size).u32(block).u32(count).u32(count == 0 ? 0 : first).u32(count).zeros(56);
}

void name(BigWriter& out, const std::string& text) {
  out.u16(static_cast<std::uint16_t>(text.size()));
  for (const char c : text) out.u16(static_cast<std::uint8_t>(c));
}

void key(BigWriter& out, std::uint32_t parent, const std::string& text) {
  out.u16(static_cast<std::uint16_t>(6 + 2 * text.size())).u32(parent);
  name(out, text);
}

Buffer thread_record(std::uint32_t of, std::uint16_t type, std::uint32_t parent,
                     const std::string& text) {
  Buffer record;
  BigWriter out(record);
  key(out, of, "");
  out.u16(type).u16(0).u32(parent);
  name(out, text);
  return record;
}

void dates_and_rights(BigWriter& out, std::uint16_t mode) {
  for (int i = 0; i < 5; ++i) out.u32(date);
  out.u32(0).u32(0).u8(0).u8(0).u16(mode).u32(0).zeros(32).u32(0).u32(0);
}

struct Placed {
  std::string name;
  std::uint64_t size = 0;
  std::uint32_t first = 0;
};

std::vector<Buffer> catalog_records(const std::vector<Placed>& files) {
  std::vector<Buffer> records(1);
  BigWriter root(records[0]);
  key(root, 1, "STICK");
  root.u16(1).u16(0).u32(static_cast<std::uint32_t>(files.size())).u32(root_folder);
  dates_and_rights(root, 040755);
  records.push_back(thread_record(root_folder, 3, 1, "STICK"));
  std::vector<Buffer> threads;
  std::uint32_t id = 16;
  for (const Placed& file : files) {
    Buffer record;
    BigWriter out(record);
    key(out, root_folder, file.name);
    out.u16(2).u16(2).u32(0).u32(id);
    dates_and_rights(out, 0100644);
    fork(out, file.size, file.first);
    fork(out, 0, 0);
    records.push_back(record);
    threads.push_back(thread_record(id++, 4, root_folder, file.name));
  }
  records.insert(records.end(), threads.begin(), threads.end());
  return records;
}

std::string node(std::uint8_t kind, std::uint8_t height, const std::vector<Buffer>& records) {
  Buffer bytes;
  BigWriter out(bytes);
  out.u32(0).u32(0).u8(kind).u8(height).u16(static_cast<std::uint16_t>(records.size())).u16(0);
  std::vector<std::uint16_t> offsets;
  for (const Buffer& record : records) {
    offsets.push_back(static_cast<std::uint16_t>(bytes.size()));
    out.bytes(record);
  }
  offsets.push_back(static_cast<std::uint16_t>(bytes.size()));
  if (bytes.size() + 2 * offsets.size() > block) std::abort();  // more files than one node takes
  out.zeros(block - bytes.size() - 2 * offsets.size());
  std::ranges::reverse(offsets);
  for (const std::uint16_t offset : offsets) out.u16(offset);
  return std::string(base::wire::as_text(bytes));
}

std::string header_node(std::uint32_t leaf_records, std::uint32_t nodes,
                        std::uint16_t longest_key) {
  Buffer header;
  BigWriter out(header);
  const std::uint32_t leaf = leaf_records == 0 ? 0 : 1;
  out.u16(static_cast<std::uint16_t>(leaf)).u32(leaf).u32(leaf_records).u32(leaf).u32(leaf);
  out.u16(static_cast<std::uint16_t>(block)).u16(longest_key).u32(nodes).u32(0).u16(0).u32(block);
  out.u8(0).u8(0xcf).u32(longest_key > 10 ? 6 : 2).zeros(64);
  Buffer map;
  BigWriter(map).u8(nodes == 1 ? 0x80 : 0xc0).zeros(block - 248 - 8 - 1);
  return node(1, 0, {header, Buffer(128), map});
}

std::string volume_header(std::uint32_t files, std::uint32_t used, std::uint32_t blocks) {
  Buffer header;
  BigWriter out(header);
  out.text("H+").u16(4).u32(0x100).text("10.0").u32(0);
  for (int i = 0; i < 4; ++i) out.u32(date);
  out.u32(files).u32(0).u32(block).u32(blocks).u32(blocks - used).u32(used).u32(block).u32(block);
  out.u32(16 + files).u32(1).u64(1).zeros(32);
  fork(out, block, allocation_at);
  fork(out, block, extents_at);
  fork(out, std::uint64_t{2} * block, catalog_at);
  fork(out, 0, 0);
  fork(out, 0, 0);
  return std::string(base::wire::as_text(header));
}

}  // namespace

std::string hfs_plus_volume(const std::map<std::string, std::string>& files) {
  std::uint32_t blocks = 64;
  for (const auto& [path, content] : files) {
    blocks += static_cast<std::uint32_t>(content.size() / block + 1);
  }
  if (blocks > block * 8) std::abort();  // its map is one block
  std::string bytes(std::size_t{block} * blocks, '\0');
  std::vector<Placed> placed;
  std::uint32_t next = data_at;
  for (const auto& [path, content] : files) {
    placed.push_back({.name = path, .size = content.size(), .first = next});
    bytes.replace(std::size_t{next} * block, content.size(), content);
    next += static_cast<std::uint32_t>((content.size() + block - 1) / block);
  }
  const auto put = [&bytes](std::size_t at, const std::string& what) {
    bytes.replace(at, what.size(), what);
  };
  const auto records = catalog_records(placed);
  const std::string header = volume_header(static_cast<std::uint32_t>(files.size()), next, blocks);
  put(1024, header);
  put(bytes.size() - 1024, header);
  for (std::uint32_t used = 0; used < next; ++used) {
    char& map = bytes[allocation_at * block + used / 8];
    map = static_cast<char>(static_cast<unsigned char>(map) | (0x80U >> used % 8));
  }
  put(extents_at * block, header_node(0, 1, 10));
  put(catalog_at * block, header_node(static_cast<std::uint32_t>(records.size()), 2, 516));
  put((catalog_at + 1) * block, node(0xff, 1, records));
  return bytes;
}

}  // namespace tests::hostile
