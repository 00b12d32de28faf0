// SPDX-License-Identifier: GPL-2.0-or-later
// The blocks of an APFS container: each an object with a checksum, a number and the transaction
// that wrote it.
//
// Fields: Apple, "Apple File System Reference" (2020-06-22), "Objects".
#pragma once

#include <string>
#include <vector>

#include "scanner-qube/volume/source.hpp"

namespace scannerqube::volume::apfs {

// Of every container that macOS makes; libtsk reads no other.
inline constexpr std::size_t block_size = 4096;
inline constexpr std::size_t header_size = 32;

namespace object_type {
inline constexpr std::uint16_t container = 1;
inline constexpr std::uint16_t tree_root = 2;
inline constexpr std::uint16_t tree_node = 3;
inline constexpr std::uint16_t object_map = 11;
inline constexpr std::uint16_t checkpoint_map = 12;
inline constexpr std::uint16_t volume = 13;
inline constexpr std::uint16_t catalog = 14;  // subtype of a tree
}  // namespace object_type

struct Header {
  std::uint64_t checksum = 0;
  std::uint64_t number = 0;
  std::uint64_t transaction = 0;
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t subtype = 0;
};
Header read_header(base::wire::Reader& in);

// Fletcher's checksum of an object, over all that is behind itself; whole words.
std::uint64_t checksum(base::wire::Bytes object);
bool is_sound(base::wire::Bytes object);

// What an object has to be. libtsk heeds none of these but some checksums.
struct Wanted {
  std::uint16_t type = 0;
  std::uint32_t subtype = 0;
  std::uint64_t number = 0;
  std::uint64_t newest = 0;  // transaction
};
// The block, if it is what is wanted; why not, for people.
base::Result<std::vector<std::byte>> read_object(const Source& container, std::uint64_t block,
                                                 const Wanted& wanted);

}  // namespace scannerqube::volume::apfs
