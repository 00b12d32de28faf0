// SPDX-License-Identifier: GPL-2.0-or-later
// The map of a medium: every byte has one use, the strongest that was claimed.
#include "scanner-qube/report/coverage.hpp"

#include <gtest/gtest.h>

#include <random>

namespace scannerqube::report {
namespace {

using volume::Range;
using Runs = std::vector<Run>;

TEST(Coverage, WhatNobodyClaimsIsOutside) {
  const Coverage coverage = CoverageBuilder(1000).finish();
  EXPECT_EQ(coverage.runs, (Runs{{{0, 1000}, Use::outside}}));
  EXPECT_EQ(coverage.of(Use::outside), 1000U);
  EXPECT_TRUE(check(coverage, 1000));
  EXPECT_FALSE(check(coverage, 1001));
  EXPECT_FALSE(check(coverage, 999));
  EXPECT_TRUE(check(CoverageBuilder(0).finish(), 0));
}

TEST(Coverage, TheStrongerClaimIsToldInWhateverOrder) {
  const Runs expected{{{0, 10}, Use::table},      {{10, 10}, Use::free}, {{20, 5}, Use::file},
                      {{25, 5}, Use::unreadable}, {{30, 10}, Use::file}, {{40, 60}, Use::free}};
  const Runs claims{{{10, 90}, Use::free},
                    {{0, 10}, Use::table},
                    {{20, 20}, Use::file},
                    {{25, 5}, Use::unreadable},
                    {{22, 3}, Use::unread}};
  CoverageBuilder forwards(100);
  CoverageBuilder backwards(100);
  for (std::size_t i = 0; i < claims.size(); ++i) {
    forwards.add(claims[i].where, claims[i].use);
    const auto& last = claims[claims.size() - 1 - i];
    backwards.add(last.where, last.use);
  }
  const Coverage coverage = forwards.finish();
  EXPECT_EQ(coverage.runs, expected);
  EXPECT_EQ(backwards.finish(), coverage);
  EXPECT_EQ(coverage.of(Use::file), 15U);
  EXPECT_EQ(coverage.of(Use::unread), 0U);  // a file of the same bytes was read
  EXPECT_TRUE(coverage.leaves_gap());
  EXPECT_TRUE(check(coverage, 100));
}

TEST(Coverage, ClaimsPastTheEndAreCut) {
  CoverageBuilder builder(100);
  builder.add({90, ~std::uint64_t{0}}, Use::file);
  builder.add({100, 10}, Use::unread);
  builder.add({~std::uint64_t{0}, 10}, Use::unread);
  builder.add({50, 0}, Use::unread);
  const Coverage coverage = builder.finish();
  EXPECT_EQ(coverage.runs, (Runs{{{0, 90}, Use::outside}, {{90, 10}, Use::file}}));
  EXPECT_TRUE(check(coverage, 100));
}

TEST(Coverage, AnEntryLiesWhereItsExtentsOnTheMediumAre) {
  volume::Entry entry;
  entry.extents = {{.where = {10, 5}, .backing = volume::Backing::medium},
                   {.where = {0, 50}, .backing = volume::Backing::zeros}};
  CoverageBuilder builder(100);
  builder.add_content(entry, Use::file);
  builder.add_area(volume::Area{.kind = volume::AreaKind::boot_code, .where = {0, 4}});
  const Coverage coverage = builder.finish();
  EXPECT_EQ(coverage.of(Use::file), 5U);
  EXPECT_EQ(coverage.of(Use::boot_code), 4U);
}

// Every second sector is a file's: more runs than are told.
TEST(Coverage, ManyPiecesAreShownCoarserAndCountedExactly) {
  constexpr std::uint64_t sectors = 100'000;
  CoverageBuilder builder(sectors * 512);
  builder.add({0, sectors * 512}, Use::free);
  for (std::uint64_t i = 0; i < sectors; i += 2) builder.add({i * 512, 512}, Use::file);
  const Coverage coverage = builder.finish();
  EXPECT_EQ(coverage.of(Use::file), sectors / 2 * 512);
  EXPECT_EQ(coverage.of(Use::free), sectors / 2 * 512);
  EXPECT_EQ(coverage.of(Use::mixed), 0U);
  EXPECT_LE(coverage.runs.size(), max_runs);
  EXPECT_EQ(coverage.runs.front().use, Use::mixed);
  EXPECT_GT(coverage.granularity, 512U);
  EXPECT_FALSE(coverage.cut);
  EXPECT_TRUE(check(coverage, sectors * 512));
}

// Against a map of single bytes.
TEST(Coverage, EqualsItsDefinition) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same cases each time
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t size = 1 + random() % 200;
    std::vector<Use> map(size, Use::outside);
    CoverageBuilder builder(size);
    for (int claim = 0; claim < 20; ++claim) {
      const Range where{.offset = random() % (size + 10), .length = random() % 40};
      const Use use{static_cast<std::uint8_t>(random() % (uses - 1))};
      builder.add(where, use);
      for (std::uint64_t at = where.offset; at < std::min(where.end(), size); ++at) {
        map[at] = std::max(map[at], use);
      }
    }
    const Coverage coverage = builder.finish();
    ASSERT_TRUE(check(coverage, size)) << check(coverage, size).error().text;
    for (const auto& run : coverage.runs) {
      for (std::uint64_t at = run.where.offset; at < run.where.end(); ++at) {
        ASSERT_EQ(run.use, map[at]) << round << " " << at;
      }
    }
  }
}

TEST(Coverage, MorePiecesThanAreKeptAreAdmitted) {
  constexpr std::uint64_t pieces = 1'300'000;
  CoverageBuilder builder(pieces * 1024);
  builder.add({0, pieces * 1024}, Use::free);
  for (std::uint64_t i = 0; i < pieces; ++i) builder.add({i * 1024, 512}, Use::file);
  const Coverage coverage = builder.finish();
  EXPECT_TRUE(coverage.cut);
  // Never more than there was: what is missing counts as what lies below it.
  EXPECT_LT(coverage.of(Use::file), pieces * 512);
  EXPECT_TRUE(check(coverage, pieces * 1024));
}

TEST(Coverage, RefusesRunsAndTotalsThatDoNotAddUp) {
  CoverageBuilder builder(100);
  builder.add({10, 10}, Use::file);
  const Coverage good = builder.finish();
  ASSERT_TRUE(check(good, 100));
  const auto spoilt = [&good](auto spoil) {
    Coverage bad = good;
    spoil(bad);
    return !check(bad, 100);
  };
  EXPECT_TRUE(spoilt([](Coverage& c) { c.runs[1].where.offset = 11; }));
  EXPECT_TRUE(spoilt([](Coverage& c) { c.runs[1].where.length = 11; }));
  EXPECT_TRUE(spoilt([](Coverage& c) { c.runs[1].where.length = 0; }));
  EXPECT_TRUE(spoilt([](Coverage& c) { c.runs[1].where.length = ~std::uint64_t{0}; }));
  EXPECT_TRUE(spoilt([](Coverage& c) { c.runs[1].use = Use::outside; }));
  EXPECT_TRUE(spoilt([](Coverage& c) {
    c.runs[1].use = Use::mixed;
    c.bytes[0] = 100;
  }));
  EXPECT_TRUE(spoilt([](Coverage& c) { c.runs.pop_back(); }));
  EXPECT_TRUE(spoilt([](Coverage& c) { c.runs.clear(); }));
  EXPECT_TRUE(spoilt([](Coverage& c) { ++c.bytes[0]; }));
  EXPECT_TRUE(spoilt([](Coverage& c) { --c.bytes[0]; }));
  EXPECT_TRUE(spoilt([](Coverage& c) { c.bytes[8] = 1; }));
  EXPECT_TRUE(spoilt([](Coverage& c) { c.bytes[4] = 1; }));
  EXPECT_TRUE(spoilt([](Coverage& c) { c.granularity = 0; }));
  EXPECT_TRUE(spoilt([](Coverage& c) { c.granularity = 3; }));
  EXPECT_FALSE(spoilt([](Coverage& c) { c.granularity = 10; }));
  // A mixed run hides exactly its own bytes.
  EXPECT_FALSE(spoilt([](Coverage& c) { c.runs[1].use = Use::mixed; }));
  EXPECT_TRUE(spoilt([](Coverage& c) {
    c.runs[1].use = Use::mixed;
    c.bytes[static_cast<std::size_t>(Use::file)] = 9;
  }));
}

TEST(Coverage, NamesComeBack) {
  for (std::size_t i = 0; i < uses; ++i) {
    const Use use{static_cast<std::uint8_t>(i)};
    EXPECT_EQ(use_of(name_of(use)), use);
  }
  EXPECT_FALSE(use_of("File"));
}

}  // namespace
}  // namespace scannerqube::report
