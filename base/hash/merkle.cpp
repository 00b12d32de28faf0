// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hash/merkle.hpp"

#include <cstdlib>

#include "base/wire/writer.hpp"

namespace base::hash {
namespace {

constexpr std::array<std::byte, 1> leaf_mark{std::byte{0}};
constexpr std::array<std::byte, 1> inner_mark{std::byte{1}};
constexpr std::array<std::byte, 1> odd_mark{std::byte{2}};
constexpr std::array<std::byte, 1> root_mark{std::byte{3}};

}  // namespace

Digest leaf_hash(Sha256& hash, wire::Bytes block) { return hash({leaf_mark, block}); }

std::uint64_t nodes_at(std::uint64_t leaves, std::size_t level) {
  const std::uint64_t width = std::uint64_t{1} << level;
  return leaves / width + (leaves % width != 0 ? 1 : 0);
}

Digest TreeBuilder::inner(const Digest& left, const Digest& right) {
  return hash_({inner_mark, left, right});
}

void TreeBuilder::made(std::size_t level, std::uint64_t index, const Digest& node) {
  // Neighbours are made level by level upwards only once all below is there, so they come in order.
  if (target_ && index == ((*target_ >> level) ^ 1U)) {
    if (proof_.size() <= level) proof_.resize(level + 1);
    proof_[level] = node;
  }
}

void TreeBuilder::push(const Digest& leaf) {
  if (leaves_ >= max_leaves) std::abort();  // no medium has more
  ++leaves_;
  Digest node = leaf;
  std::size_t level = 0;
  made(level, leaves_ - 1, node);
  while (waiting_[level]) {
    node = inner(*waiting_[level], node);
    waiting_[level].reset();
    ++level;
    made(level, (leaves_ >> level) - 1, node);
  }
  waiting_[level] = node;
}

Digest TreeBuilder::finish() {
  if (leaves_ == 0) return Digest{};
  std::optional<Digest> last;  // the last node of the level, where it is not a full one
  std::size_t level = 0;
  for (; nodes_at(leaves_, level) > 1; ++level) {
    const auto& full = waiting_[level];
    if (last) made(level, nodes_at(leaves_, level) - 1, *last);
    if (full && last) {
      last = inner(*full, *last);
    } else if (full || last) {
      last = hash_({odd_mark, full ? *full : *last});
    }
  }
  // A lone last node has no neighbour: its level gives nothing to the proof.
  if (target_) {
    std::vector<Digest> dense;
    for (std::size_t at = 0; at < level && at < proof_.size(); ++at) {
      if (((*target_ >> at) ^ 1U) < nodes_at(leaves_, at)) dense.push_back(proof_[at]);
    }
    proof_ = std::move(dense);
  }
  return last ? *last : *waiting_[level];
}

Digest root_of(std::uint64_t medium_size, const Digest& top) {
  std::vector<std::byte> sizes;
  wire::Writer(sizes).text("sallyport snapshot 1").u64(medium_size).u32(leaf_size);
  return Sha256()({root_mark, sizes, top});
}

Proof check_proof(std::uint64_t medium_size, std::uint64_t block, const Digest& leaf,
                  const std::vector<Digest>& untrusted_proof, const Digest& root) {
  const std::uint64_t leaves = leaves_of(medium_size);
  if (block >= leaves) return Proof::fails;
  Sha256 hash;
  Digest node = leaf;
  std::size_t used = 0;
  for (std::size_t level = 0; nodes_at(leaves, level) > 1; ++level) {
    const std::uint64_t index = block >> level;
    if ((index ^ 1U) >= nodes_at(leaves, level)) {
      node = hash({odd_mark, node});
      continue;
    }
    if (used == untrusted_proof.size()) return Proof::fails;
    const Digest& neighbour = untrusted_proof[used++];
    node =
        index % 2 == 0 ? hash({inner_mark, node, neighbour}) : hash({inner_mark, neighbour, node});
  }
  if (used != untrusted_proof.size()) return Proof::fails;
  return root_of(medium_size, node) == root ? Proof::holds : Proof::fails;
}

}  // namespace base::hash
