// SPDX-License-Identifier: GPL-2.0-or-later
// Every record of a B-tree, in order: strictly, so that nobody who searches it otherwise finds
// something else.
//
// Fields: Apple, "Apple File System Reference" (2020-06-22), "B-Trees".
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scanner-qube/volume/apfs/object.hpp"

namespace scannerqube::volume::apfs {

inline constexpr std::size_t max_tree_nodes = std::size_t{256} * 1024;  // of one tree
inline constexpr std::uint16_t max_tree_level = 16;

struct Tree {
  std::uint32_t subtype = 0;
  std::uint64_t root = 0;    // object number
  std::uint64_t newest = 0;  // transaction
  // Keys and values of 16 bytes, nodes found by their blocks; else of any length, and by `where`.
  bool fixed = false;
  // The block of a node's object; nothing: there is none.
  std::function<std::optional<std::uint64_t>(std::uint64_t number)> where = {};
  // nullopt: no key of this tree.
  std::function<std::optional<std::strong_ordering>(base::wire::Bytes, base::wire::Bytes)> compare =
      {};
};

// Called for each record; an error ends the walk.
using OnRecord = std::function<base::Status(base::wire::Bytes key, base::wire::Bytes value)>;

// What is wrong with it, for people.
base::Status walk_tree(const Source& container, const Tree& tree, const OnRecord& on_record);

}  // namespace scannerqube::volume::apfs
