// SPDX-License-Identifier: GPL-2.0-or-later
// The line that tells how far a scan is.
#include "cli/scan_progress.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(ScanProgressLine, TellsBothAsTheyCome) {
  ScanProgressLine line;
  EXPECT_EQ(line.text(0), "0 files, 0 MiB scanned");
  EXPECT_TRUE(line.take("scanning 1 1048576"));
  EXPECT_EQ(line.text(0), "1 file, 1 MiB scanned");
  EXPECT_TRUE(line.take("reading 25 100"));
  EXPECT_EQ(line.text(10'000), "25 % read, 30 s left; 1 file, 1 MiB scanned");
  EXPECT_TRUE(line.take("scanning 12 5242880"));
  EXPECT_TRUE(line.take("reading 100 100"));
  EXPECT_EQ(line.text(40'000), "100 % read; 12 files, 5 MiB scanned");
}

TEST(ScanProgressLine, LongTimesAreMinutes) {
  ScanProgressLine line;
  ASSERT_TRUE(line.take("reading 1 100"));
  EXPECT_EQ(line.text(1000), "1 % read, 2 min left; 0 files, 0 MiB scanned");
  ASSERT_TRUE(line.take("reading 0 100"));
  EXPECT_EQ(line.text(1000), "0 % read; 0 files, 0 MiB scanned") << "nobody knows yet";
}

TEST(ScanProgressLine, WhatIsNeitherChangesNothing) {
  ScanProgressLine line;
  ASSERT_TRUE(line.take("reading 25 100"));
  ASSERT_TRUE(line.take("scanning 3 0"));
  const std::string before = line.text(1000);
  for (const char* word :
       {"", "reading", "reading ", "reading 5", "reading 5 ", "reading 5 x", "reading x 5",
        "reading 5 7 9", "reading  5 7", "reading -1 5", "reading 101 100", "scanning",
        "scanning 1", "scanning 7 x", "scanning 7 1 ", "scanning 99999999999999999999 1",
        "Reading 5 7", "reading 1 18446744073709551615"}) {
    EXPECT_FALSE(line.take(word)) << word;
    EXPECT_EQ(line.text(1000), before) << word;
  }
}

TEST(ScanProgressLine, TheLargestMediumHasAPercentage) {
  ScanProgressLine line;
  // 2^48 blocks of 64 KiB: what 64 bits can address.
  ASSERT_TRUE(line.take("reading 281474976710656 281474976710656"));
  EXPECT_EQ(line.text(1), "100 % read; 0 files, 0 MiB scanned");
  ASSERT_TRUE(line.take("reading 1 281474976710656"));
  EXPECT_NE(line.text(86'400'000).find(" min left"), std::string::npos) << line.text(86'400'000);
}

}  // namespace
}  // namespace cli
