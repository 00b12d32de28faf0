// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/read_ahead.hpp"

#include <gtest/gtest.h>

namespace blockproxy::nbd {
namespace {

constexpr std::uint32_t mib = 1U << 20U;
constexpr std::uint64_t size = std::uint64_t{64} * mib;

TEST(ReadAheadTest, StaysAWindowAheadOfWhoReadsInSequence) {
  ReadAhead ahead;
  EXPECT_FALSE(ahead.take(8 * mib, mib, size)) << "nobody knows yet";
  std::uint64_t told = 9 * mib;
  for (std::uint64_t at = 9 * mib; at < size; at += mib) {
    const auto range = ahead.take(at, mib, size);
    if (range) {
      EXPECT_EQ(range->offset, std::max(told, at + mib)) << "nothing twice, nothing left out";
      told = range->offset + range->length;
    }
    EXPECT_LE(told, size);
    EXPECT_GE(told, std::min(size, at + mib + ReadAhead::window / 2)) << at;
  }
  EXPECT_EQ(told, size);
}

TEST(ReadAheadTest, LeavesThoseAloneWhoJump) {
  ReadAhead ahead;
  for (const std::uint64_t at : {0U, 5U, 3U, 9U, 1U}) EXPECT_FALSE(ahead.take(at * mib, mib, size));
  EXPECT_TRUE(ahead.take(2 * mib, mib, size)) << "goes on behind the last one";
}

TEST(ReadAheadTest, EndsWhereTheMediumEnds) {
  ReadAhead ahead;
  ahead.take(size - 3 * mib, mib, size);
  const auto range = ahead.take(size - 2 * mib, mib, size);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->offset + range->length, size);
  EXPECT_FALSE(ahead.take(size - mib, mib, size));
}

}  // namespace
}  // namespace blockproxy::nbd
