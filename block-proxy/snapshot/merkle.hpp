// SPDX-License-Identifier: GPL-2.0-or-later
// The tree of hashes (base/hash/merkle.hpp) over the blocks of a snapshot.
//
// Pure.
#pragma once

#include "base/hash/merkle.hpp"
#include "block-proxy/snapshot/geometry.hpp"

namespace blockproxy::snapshot {

using base::hash::Digest;
using base::hash::leaf_hash;
using base::hash::nodes_at;
using base::hash::Proof;
using base::hash::Sha256;
using base::hash::TreeBuilder;

static_assert(block_size == base::hash::leaf_size && max_blocks == base::hash::max_leaves);

inline Digest root_of(const Geometry& geometry, const Digest& top) {
  return base::hash::root_of(geometry.medium_size(), top);
}
inline Proof check_proof(const Geometry& geometry, std::uint64_t block, const Digest& leaf,
                         const std::vector<Digest>& untrusted_proof, const Digest& root) {
  return base::hash::check_proof(geometry.medium_size(), block, leaf, untrusted_proof, root);
}

}  // namespace blockproxy::snapshot
