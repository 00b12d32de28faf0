// SPDX-License-Identifier: GPL-2.0-or-later
// What is written over a snapshot.
#include "tests/block-proxy/snapshot/store_rig.hpp"

namespace {

using namespace blockproxy::snapshot;
using tests::bytes_of;
using tests::FakeMedium;
using tests::filled;
using tests::mib;
using tests::StoreRig;

TEST(Overlay, IsSeenOnItsSideOnlyAndStays) {
  StoreRig rig;
  FakeMedium medium(2 * mib + 100);
  auto expected = medium.content;
  const auto original = medium.content;
  auto store = rig.create(expected.size(), {.cache_bytes = 65536, .dirty_bytes = 5 * 65536});
  ASSERT_TRUE(store->attach(medium));
  std::mt19937 random(5);
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t offset = random() % expected.size();
    const std::uint64_t length =
        std::min<std::uint64_t>(random() % 150000, expected.size() - offset);
    const auto data = filled(length, static_cast<int>(random() % 3 == 0 ? 0 : random() % 256));
    if (i % 7 == 0) {
      ASSERT_TRUE(store->trim({offset, length}));
      std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(offset), length, std::byte{0});
    } else {
      ASSERT_TRUE(store->write(offset, data));
      std::copy(data.begin(), data.end(), expected.begin() + static_cast<std::ptrdiff_t>(offset));
    }
  }
  EXPECT_EQ(bytes_of(store->read({0, expected.size()}, Side::overlay)), expected);
  EXPECT_EQ(bytes_of(store->read({0, expected.size()}, Side::base)), original);
  EXPECT_FALSE(store->write(expected.size() - 1, filled(2, 1)));
  ASSERT_TRUE(store->flush());
  store.reset();
  store = rig.open();
  ASSERT_TRUE(store->attach(medium));
  EXPECT_EQ(bytes_of(store->read({0, expected.size()}, Side::overlay)), expected);
  EXPECT_EQ(bytes_of(store->read({0, expected.size()}, Side::base)), original);
  // Old versions do not pile up: at most each block once, and what waited.
  EXPECT_LT(store->used(), 2 * 34 * 65536 + 20 * 65536);
}

TEST(Overlay, IsShownAndDiscarded) {
  StoreRig rig;
  FakeMedium medium(mib);
  auto store = rig.create(mib);
  ASSERT_TRUE(store->attach(medium));
  ASSERT_TRUE(store->write(65536, filled(65536, 9)));   // base not read: nothing before
  ASSERT_TRUE(store->write(131072 + 5, filled(3, 9)));  // copied up
  const auto same = tests::part(medium.content, 0, 10);
  ASSERT_TRUE(store->write(0, same));  // no difference
  std::vector<Difference> found;
  const auto collect = [&](const Difference& each) {
    found.push_back(each);
    return base::Status(base::Ok{});
  };
  ASSERT_TRUE(store->diff(collect));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].block, 1U);
  EXPECT_FALSE(found[0].before);
  EXPECT_EQ(found[1].block, 2U);
  EXPECT_EQ(found[1].before, *store->hash_of(2));
  ASSERT_TRUE(store->discard());
  found.clear();
  ASSERT_TRUE(store->diff(collect));
  EXPECT_TRUE(found.empty());
  EXPECT_EQ(bytes_of(store->read({0, mib}, Side::overlay)), medium.content);
}

TEST(Overlay, IsCommittedInOrderAndResumed) {
  StoreRig rig;
  const std::uint64_t size = 40 * mib;
  FakeMedium medium(size);
  auto expected = medium.content;
  auto store = rig.create(size);
  ASSERT_TRUE(store->attach(medium));
  for (std::uint64_t at = 0; at < size; at += 65536) {
    const auto data = filled(65536, static_cast<int>(at / 65536 % 251) + 1);
    ASSERT_TRUE(store->write(at, data));
    std::copy(data.begin(), data.end(), expected.begin() + static_cast<std::ptrdiff_t>(at));
  }
  medium.writes_left = 600;
  EXPECT_FALSE(store->commit(medium));
  EXPECT_EQ(store->journal().next, 512U);
  EXPECT_FALSE(store->write(0, filled(1, 1)));  // it must not change while it is on its way
  store.reset();
  store = rig.open();
  EXPECT_EQ(store->journal().state, CommitState::running);
  medium.writes_left.reset();
  medium.writes = 0;
  ASSERT_TRUE(store->commit(medium));
  EXPECT_EQ(medium.writes, 640 - 512);
  EXPECT_EQ(medium.content, expected);
  EXPECT_EQ(store->journal().state, CommitState::done);
  ASSERT_TRUE(store->discard());
  EXPECT_EQ(store->journal().state, CommitState::idle);
}

TEST(Overlay, FetchesWhatItDoesNotCoverInWholeRuns) {
  StoreRig rig;
  FakeMedium medium(mib);
  auto store = rig.create(mib);
  ASSERT_TRUE(store->attach(medium));
  ASSERT_TRUE(store->write(4 * 65536, filled(65536, 1)));
  EXPECT_EQ(medium.reads, 0);
  auto expected = medium.content;
  std::fill_n(expected.begin() + 4 * 65536, 65536, std::byte{1});
  EXPECT_EQ(bytes_of(store->read({0, mib}, Side::overlay)), expected);
  EXPECT_EQ(medium.reads, 2);
  EXPECT_EQ(store->progress().done, 15U);
}

TEST(Overlay, IsNotCommittedToAnotherMedium) {
  StoreRig rig;
  auto store = rig.create(mib);
  FakeMedium other(2 * mib);
  ASSERT_TRUE(store->write(0, filled(65536, 1)));
  EXPECT_FALSE(store->commit(other));
  EXPECT_EQ(other.writes, 0);
}

}  // namespace
