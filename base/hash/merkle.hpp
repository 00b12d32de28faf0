// SPDX-License-Identifier: GPL-2.0-or-later
// The tree of hashes over the blocks of a medium, and its root: the name of exactly these bytes.
//
// How to compute it (H is SHA-256, || joins bytes, integers are little-endian):
//   leaf   = H(00 || bytes of the block)       64 KiB each; the last one has its true length
//   inner  = H(01 || left || right)
//   odd    = H(02 || node)                     the last node of a level that has no right neighbour
//   top    = the one node of the first level that has only one; 32 zero bytes without any block
//   root   = H(03 || "sallyport snapshot 1" || u64 medium size || u32 block size || top)
// The first byte keeps a node from being taken for a block or the other way round, and the root
// binds the size, so that a medium and its longer twin never share a root.
//
// Test vector: the medium of 196609 bytes (three blocks and one byte) whose byte at offset i is
// i mod 251 has the root
//   4a8905a92b6e5298f92a9be0455f2c63e57a745cbffd8dcb78a23592436b2ba2
//
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/hash/sha256.hpp"

namespace base::hash {

inline constexpr std::uint32_t leaf_size = 65536;
// 256 TiB: more than any medium, and block numbers fit into what the tests can walk.
inline constexpr std::uint64_t max_leaves = std::uint64_t{1} << 32;
inline constexpr std::size_t max_levels = 33;

constexpr std::uint64_t leaves_of(std::uint64_t medium_size) {
  return medium_size / leaf_size + (medium_size % leaf_size != 0 ? 1 : 0);
}
Digest leaf_hash(Sha256& hash, wire::Bytes block);

// Nodes of a level above `leaves` leaves.
std::uint64_t nodes_at(std::uint64_t leaves, std::size_t level);

// Takes leaves in order and keeps one node per level.
class TreeBuilder {
 public:
  TreeBuilder() = default;
  // Also keeps the neighbours on the way from this leaf to the top.
  explicit TreeBuilder(std::uint64_t leaf_to_prove) : target_(leaf_to_prove) {}

  void push(const Digest& leaf);
  std::uint64_t leaves() const { return leaves_; }
  // After the last leaf: the top, and the proof is whole.
  Digest finish();
  // From the leaf upwards, one per level where the node has a neighbour; after finish().
  const std::vector<Digest>& proof() const { return proof_; }

 private:
  Digest inner(const Digest& left, const Digest& right);
  void made(std::size_t level, std::uint64_t index, const Digest& node);

  Sha256 hash_;
  std::uint64_t leaves_ = 0;
  std::array<std::optional<Digest>, max_levels> waiting_;
  std::optional<std::uint64_t> target_;
  std::vector<Digest> proof_;
};

Digest root_of(std::uint64_t medium_size, const Digest& top);

enum class Proof : std::uint8_t { holds, fails };
// Is `leaf` the hash of this block in the medium that `root` names? A proof with too few or too
// many hashes fails.
Proof check_proof(std::uint64_t medium_size, std::uint64_t block, const Digest& leaf,
                  const std::vector<Digest>& untrusted_proof, const Digest& root);

}  // namespace base::hash
