// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks, tree, extents, slots and samples: values only.
#include <gtest/gtest.h>

#include <set>

#include "block-proxy/snapshot/extents.hpp"
#include "block-proxy/snapshot/fetch_table.hpp"
#include "block-proxy/snapshot/lru.hpp"
#include "block-proxy/snapshot/merkle.hpp"
#include "block-proxy/snapshot/sampler.hpp"
#include "block-proxy/snapshot/slots.hpp"

namespace {

using namespace blockproxy::snapshot;

constexpr std::array<std::byte, 1> mark(int value) { return {std::byte(value)}; }

Digest leaf_of(std::uint64_t number) {
  Sha256 hash;
  return leaf_hash(hash, base::wire::as_bytes(std::to_string(number)));
}

// The definition, word for word and slow.
Digest slow_top(std::vector<Digest> level) {
  Sha256 hash;
  if (level.empty()) return {};
  while (level.size() > 1) {
    std::vector<Digest> above;
    for (std::size_t i = 0; i < level.size(); i += 2) {
      above.push_back(i + 1 < level.size() ? hash({mark(1), level[i], level[i + 1]})
                                           : hash({mark(2), level[i]}));
    }
    level = above;
  }
  return level[0];
}

TEST(Geometry, CutsAnySizeIntoBlocks) {
  const auto odd = *Geometry::make(3 * 65536 + 1, 512);
  EXPECT_EQ(odd.blocks(), 4U);
  EXPECT_EQ(odd.length_of(2), 65536U);
  EXPECT_EQ(odd.length_of(3), 1U);
  EXPECT_EQ(odd.length_of(4), 0U);
  const auto empty = *Geometry::make(0, 4096);
  EXPECT_EQ(empty.blocks(), 0U);
  EXPECT_EQ(empty.blocks_of({0, 0})->count, 0U);
  EXPECT_FALSE(empty.blocks_of({0, 1}));
  EXPECT_EQ(Geometry::make(std::uint64_t{3} << 40, 512)->blocks(), 50331648U);
  EXPECT_TRUE(Geometry::make(max_medium_size, 512));
  EXPECT_FALSE(Geometry::make(max_medium_size + 1, 512));
  EXPECT_FALSE(Geometry::make(512, 1024));
}

TEST(Geometry, PlansPartialBlocksAndRefusesWhatIsOutside) {
  const auto medium = *Geometry::make(10 * 65536, 512);
  const Range range{.offset = 65535, .length = 65538};
  EXPECT_EQ(*medium.blocks_of(range), (BlockRun{0, 3}));
  EXPECT_EQ(piece_of(range, 0), (Piece{65535, 1}));
  EXPECT_EQ(piece_of(range, 1), (Piece{0, 65536}));
  EXPECT_EQ(piece_of(range, 2), (Piece{0, 1}));
  EXPECT_FALSE(medium.blocks_of({10 * 65536, 1}));
  EXPECT_FALSE(medium.blocks_of({1, ~std::uint64_t{0}}));
  EXPECT_FALSE(medium.blocks_of({~std::uint64_t{0}, 2}));
}

TEST(Tree, EqualsItsDefinitionForEverySize) {
  for (std::uint64_t count = 0; count <= 70; ++count) {
    TreeBuilder tree;
    std::vector<Digest> leaves;
    for (std::uint64_t i = 0; i < count; ++i) {
      leaves.push_back(leaf_of(i));
      tree.push(leaves.back());
    }
    EXPECT_EQ(tree.finish(), slow_top(leaves)) << count;
  }
}

TEST(Tree, HasTheRootOfTheTestVector) {
  std::vector<std::byte> medium(196609);
  for (std::size_t i = 0; i < medium.size(); ++i) medium[i] = std::byte(i % 251);
  const auto geometry = *Geometry::make(medium.size(), 512);
  TreeBuilder tree;
  Sha256 hash;
  for (std::uint64_t i = 0; i < geometry.blocks(); ++i) {
    tree.push(leaf_hash(hash, std::span(medium).subspan(i * block_size, geometry.length_of(i))));
  }
  EXPECT_EQ(base::hash::to_hex(root_of(geometry, tree.finish())),
            "4a8905a92b6e5298f92a9be0455f2c63e57a745cbffd8dcb78a23592436b2ba2");
}

TEST(Tree, ProvesEachLeafAndNoOther) {
  for (const std::uint64_t count : {1U, 2U, 3U, 5U, 8U, 13U, 33U}) {
    const auto geometry = *Geometry::make(count * block_size, 512);
    std::vector<Digest> leaves;
    for (std::uint64_t i = 0; i < count; ++i) leaves.push_back(leaf_of(i));
    const Digest root = root_of(geometry, slow_top(leaves));
    for (std::uint64_t target = 0; target < count; ++target) {
      TreeBuilder tree(target);
      for (const Digest& leaf : leaves) tree.push(leaf);
      (void)tree.finish();
      auto proof = tree.proof();
      EXPECT_EQ(check_proof(geometry, target, leaves[target], proof, root), Proof::holds)
          << target << " of " << count;
      EXPECT_EQ(check_proof(geometry, target, leaf_of(1000), proof, root), Proof::fails);
      if (count > 1) {
        EXPECT_EQ(check_proof(geometry, (target + 1) % count, leaves[target], proof, root),
                  Proof::fails);
        auto shorter = proof;
        if (!shorter.empty()) {
          shorter.pop_back();
          EXPECT_EQ(check_proof(geometry, target, leaves[target], shorter, root), Proof::fails);
        }
      }
      proof.push_back(Digest{});
      EXPECT_EQ(check_proof(geometry, target, leaves[target], proof, root), Proof::fails);
    }
  }
}

TEST(Tree, RootBindsTheSize) {
  EXPECT_NE(root_of(*Geometry::make(65536, 512), Digest{}),
            root_of(*Geometry::make(65535, 512), Digest{}));
}

TEST(Extents, AreRunsWithABound) {
  ExtentSet set(2);
  for (const std::uint64_t block : {1U, 2U, 3U, 7U}) set.append(block);
  EXPECT_EQ(set.runs(), (std::vector<BlockRun>{{1, 3}, {7, 1}}));
  EXPECT_FALSE(set.truncated());
  set.append(9);
  EXPECT_TRUE(set.truncated());
  EXPECT_EQ(set.blocks(), 5U);
  EXPECT_TRUE(set.contains(3));
  EXPECT_FALSE(set.contains(0));
  EXPECT_FALSE(set.contains(4));
  EXPECT_FALSE(set.contains(9));
}

TEST(Slots, AreNotTakenAgainBeforeTheyAreSettled) {
  Slots slots;
  const auto first = *slots.take();
  slots.retire(first);
  const auto second = *slots.take();
  EXPECT_NE(first, second);
  slots.settle();
  EXPECT_EQ(*slots.take(), first);
  EXPECT_FALSE(slots.claim(second));
  EXPECT_FALSE(slots.claim(max_slots));
  EXPECT_TRUE(slots.claim(9));
  EXPECT_EQ(slots.high_water(), 10U);
}

TEST(FetchTable, LetsEachBlockBeFetchedByOneReader) {
  FetchTable table(3);
  EXPECT_EQ(table.start({10, 4}), (BlockRun{10, 4}));
  EXPECT_FALSE(table.start({11, 2}));
  EXPECT_EQ(table.start({8, 16}), (BlockRun{8, 2}));    // up to what is under way
  EXPECT_EQ(table.start({8, 16}), (BlockRun{14, 10}));  // past both
  EXPECT_FALSE(table.start({100, 1}));                  // no more at once
  table.finish({10, 4});
  EXPECT_EQ(table.start({8, 16}), (BlockRun{10, 4}));
  table.finish({8, 2});
  EXPECT_FALSE(table.start({5, 0}));
  EXPECT_EQ(table.under_way(), 2U);
}

TEST(Lru, DropsWhatWasUsedLongestAgo) {
  Lru<int, int> lru(2);
  lru.put(1, 10, 1);
  lru.put(2, 20, 1);
  EXPECT_EQ(*lru.find(1), 10);
  lru.put(3, 30, 1);
  EXPECT_EQ(lru.find(2), nullptr);
  EXPECT_NE(lru.find(1), nullptr);
  EXPECT_EQ(lru.cost(), 2U);
}

TEST(Sampler, GivesTheEdgesAndEnoughOfTheRest) {
  for (const std::uint64_t blocks : {0U, 1U, 16U, 31U, 33U, 64U, 100U, 6400U, 100000U}) {
    Sampler sampler(blocks, 100, 7);
    std::vector<std::uint64_t> drawn;
    while (const auto next = sampler.next()) drawn.push_back(*next);
    const std::set<std::uint64_t> once(drawn.begin(), drawn.end());
    EXPECT_EQ(once.size(), drawn.size()) << blocks;
    EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end())) << blocks;
    EXPECT_GE(drawn.size(), std::min<std::uint64_t>(blocks, 64)) << blocks;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(16, blocks); ++i) {
      EXPECT_TRUE(once.contains(i) && once.contains(blocks - 1 - i)) << blocks;
    }
    if (blocks == 100000) {
      EXPECT_LT(drawn.size(), 1100U);
    }
    for (const std::uint64_t each : drawn) EXPECT_LT(each, blocks);
  }
}

}  // namespace
