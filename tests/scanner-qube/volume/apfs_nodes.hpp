// SPDX-License-Identifier: GPL-2.0-or-later
// The blocks that ApfsVolume writes: sealed objects, and nodes of B-trees.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tests::apfs_image {

using Buffer = std::vector<std::byte>;

inline constexpr std::size_t block_size = 4096;
inline constexpr std::uint64_t transaction = 1;  // mkapfs' one
inline constexpr std::size_t header_size = 56;   // of a node, the object's own included
inline constexpr std::size_t info_size = 40;     // at the end of a root

std::string text_of(const Buffer& bytes);
std::uint32_t word_at(std::string_view bytes, std::size_t at);
std::uint64_t long_at(std::string_view bytes, std::size_t at);
void set(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size);

std::string read_block(const std::string& image, std::uint64_t block);
// With its checksum.
void write_sealed(const std::string& image, std::uint64_t block, std::string bytes);

struct NodeRecord {
  const Buffer* key;
  const Buffer* value;
};
struct NodeKind {
  std::uint64_t object = 0;
  std::uint32_t type = 0;
  std::uint32_t subtype = 0;
  std::uint16_t level = 0;
  bool root = false;
};
// Bytes of the table of a node of so many records of any length: with room for each, and never
// shorter than mkapfs makes it.
std::size_t table_size(std::size_t records);
std::string node(const NodeKind& kind, const std::vector<NodeRecord>& records);

struct TreeInfo {
  std::uint32_t flags = 0;
  std::size_t longest_key = 0;
  std::size_t longest_value = 0;
  std::uint64_t keys = 0;
  std::uint64_t nodes = 1;
};
// Into a root.
void put_info(std::string& bytes, const TreeInfo& info);

// One more entry of a map of objects, the last by its number; keys and values are of 16 bytes.
void put_mapping(std::string& map, std::size_t index, std::uint64_t object, std::uint64_t block);

}  // namespace tests::apfs_image
