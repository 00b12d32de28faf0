// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of a medium's contents while it is scanned.
#include "scanner-qube/scan/seen_contents.hpp"

#include <gtest/gtest.h>

namespace scannerqube {
namespace {

using Next = SeenContents::Next;

ContentKey key(std::uint64_t number) { return {.sha256 = {}, .size = number}; }

ScannedFile file(const std::string& path) { return {.part = 0, .path = path, .result = {}}; }

FileResult infected() {
  FileResult result;
  result.add_finding(Finding::Kind::signature, "Eicar", "");
  return result;
}

TEST(SeenContentsTest, TheFirstIsScannedAndTheOthersWaitForIt) {
  SeenContents seen;
  ScannedFile first = file("a");
  ScannedFile second = file("b");
  EXPECT_EQ(seen.add(key(1), first), Next::scan);
  EXPECT_EQ(seen.add(key(1), second), Next::wait);
  const auto waited = seen.answered(key(1), infected());
  ASSERT_EQ(waited.size(), 1U);
  EXPECT_EQ(waited[0].path, "b");
  EXPECT_EQ(waited[0].result.verdict(), Verdict::infected);
  ScannedFile third = file("c");
  EXPECT_EQ(seen.add(key(1), third), Next::known);
  EXPECT_EQ(third.result.verdict(), Verdict::infected);
  EXPECT_EQ(third.path, "c");
  EXPECT_TRUE(seen.answered(key(1), infected()).empty());
}

TEST(SeenContentsTest, WhatIsForgottenIsScannedAgain) {
  SeenContents seen;
  for (std::uint64_t i = 0; i <= SeenContents::max_kept_results; ++i) {
    ScannedFile each = file("a");
    ASSERT_EQ(seen.add(key(i), each), Next::scan);
    seen.answered(key(i), infected());
  }
  ScannedFile last = file("b");
  EXPECT_EQ(seen.add(key(SeenContents::max_kept_results), last), Next::scan);
  EXPECT_EQ(seen.add(key(0), last), Next::known);
  EXPECT_EQ(last.result.verdict(), Verdict::infected);
}

TEST(SeenContentsTest, NoMoreAreRemembered) {
  SeenContents seen;
  ScannedFile each = file("a");
  for (std::uint64_t i = 0; i < SeenContents::max_seen; ++i) seen.add(key(i), each);
  EXPECT_EQ(seen.add(key(SeenContents::max_seen), each), Next::scan);
  EXPECT_EQ(seen.add(key(SeenContents::max_seen), each), Next::scan);
  EXPECT_TRUE(seen.answered(key(SeenContents::max_seen), {}).empty());
}

}  // namespace
}  // namespace scannerqube
