// SPDX-License-Identifier: GPL-2.0-or-later
// The records of a volume: folders, names, extents, attributes.
//
// Fields: Apple, "Apple File System Reference" (2020-06-22), "File-System Objects", "Extended
// Fields", "Data Streams".
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "scanner-qube/volume/apfs/object.hpp"
#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume::apfs {

inline constexpr std::uint64_t root_folder = 2;
inline constexpr std::uint32_t flag_compressed = 0x20;  // of BSD's: UF_COMPRESSED

struct Inode {
  std::uint64_t stream = 0;  // whose extents are its content
  std::uint64_t size = 0;    // of the stream
  std::uint32_t flags = 0;   // BSD's
  std::uint16_t mode = 0;
  Times times = {};
};
struct Name {
  std::string text;
  std::uint64_t inode = 0;
  std::uint16_t kind = 0;  // the upper bits of a mode, as a folder's record has them
};
struct Piece {
  std::uint64_t at = 0;      // in the stream
  std::uint64_t length = 0;  // whole blocks
  std::uint64_t block = 0;   // 0: a hole
};
struct Attribute {
  std::string name;
  std::vector<std::byte> embedded = {};  // if it has no stream
  std::optional<std::uint64_t> stream = {};
  std::uint64_t size = 0;  // of either
};

struct Catalog {
  std::unordered_map<std::uint64_t, Inode> inodes = {};
  std::unordered_map<std::uint64_t, std::vector<Name>> folders = {};
  std::unordered_map<std::uint64_t, std::vector<Piece>> streams = {};
  std::unordered_map<std::uint64_t, std::vector<Attribute>> attributes = {};
};

// How drivers order two records; nullopt: one is no key.
std::optional<std::strong_ordering> compare_keys(base::wire::Bytes one, base::wire::Bytes other);
// One record into the catalogue, or why that cannot be.
base::Status add_record(Catalog& catalog, base::wire::Bytes key, base::wire::Bytes value);

}  // namespace scannerqube::volume::apfs
