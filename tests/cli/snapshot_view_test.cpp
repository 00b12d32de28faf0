// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/snapshot_view.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(SnapshotView, ListsWhatIsKnown) {
  EXPECT_EQ(*format_snapshot_list("[]"), "no snapshots\n");
  const auto text = format_snapshot_list(
      R"([{"snapshot":"sda-1","state":"lazy","in_use":true,"size":4194304,"created_ms":0,)"
      R"("stored_blocks":16,"blocks":64},)"
      R"({"snapshot":"old","state":"lost key","in_use":false},)"
      R"({"snapshot":"s\u001b[2J","state":"sealed","in_use":false,"size":512,"created_ms":0,)"
      R"("root":"0123456789abcdef0123456789abcdef"}])");
  ASSERT_TRUE(text.has_value()) << text.error().text;
  EXPECT_EQ(*text,
            "NAME      STATE         SIZE       READ   CREATED                  ROOT\n"
            "sda-1     lazy, in use  4.0 MiB    25 %   1970-01-01 00:00:00 UTC  -\n"
            "old       lost key      -          -      -                        -\n"
            "s\\x1b[2J  sealed        512 bytes  100 %  1970-01-01 00:00:00 UTC  "
            "0123456789abcdef\n");
}

TEST(SnapshotView, TellsWhatTheMediumDid) {
  const auto text = format_snapshot_report(
      R"({"snapshot":"stick","created_ms":0,"size":131072,"sector_size":512,"block_size":65536,)"
      R"("blocks":2,"stored_blocks":2,"complete":true,"used_bytes":200000,"read":[[0,131072]],)"
      R"("readers":1,"writers":0,"medium":false,"medium_end":"unplugged","root":"abcd",)"
      R"("sealed":{"root":"abcd","time_ms":1000,"events":2},)"
      R"("overlay":{"changed_blocks":3,"commit":"none"},"events_damaged":0,"events":[)"
      R"({"kind":"changed","time_ms":0,"offset":65536,"recorded":"aa","later":"bb"},)"
      R"({"kind":"unreadable","time_ms":0,"offset":0,"sectors":[1,2,3]},)"
      R"({"kind":"resized","time_ms":0,"found_bytes":7}]})");
  ASSERT_TRUE(text.has_value()) << text.error().text;
  for (const char* line :
       {"state       sealed 1970-01-01 00:00:01 UTC\n", "root        abcd\n",
        "read        100 % (2 of 2 blocks of 65536)\n", "medium      not there: unplugged\n",
        "written     3 blocks, commit: none\n", "at 65536: THE MEDIUM ANSWERED DIFFERENTLY",
        "at 0: 3 sectors could not be read", "another size: 7 bytes"}) {
    EXPECT_NE(text->find(line), std::string::npos) << line << "in\n" << *text;
  }
}

TEST(SnapshotView, WhatIsNoAnswerIsAnError) {
  for (const char* text : {"", "x", "7", "{}"}) {
    EXPECT_FALSE(format_snapshot_list(text).has_value()) << text;
  }
  for (const char* text : {"", "x", "7", "[]"}) {
    EXPECT_FALSE(format_snapshot_report(text).has_value()) << text;
  }
  EXPECT_TRUE(format_snapshot_report("{}").has_value());
}

TEST(SnapshotView, FindsTheQubeThatStores) {
  EXPECT_EQ(*storage_qube(R"({"qubes":[{"name":"work","stores_snapshots":false},)"
                          R"({"name":"sys-snapshot","stores_snapshots":true}]})"),
            "sys-snapshot");
  EXPECT_FALSE(storage_qube(R"({"qubes":[{"name":"work"}]})").has_value());
  EXPECT_FALSE(storage_qube(R"({"qubes":[{"name":"a","stores_snapshots":true},)"
                            R"({"name":"b","stores_snapshots":true}]})")
                   .has_value());
}

TEST(SnapshotView, BytesAreShort) {
  EXPECT_EQ(format_bytes(0), "0 bytes");
  EXPECT_EQ(format_bytes(1023), "1023 bytes");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(std::uint64_t{3} << 40U), "3.0 TiB");
}

}  // namespace
}  // namespace cli
