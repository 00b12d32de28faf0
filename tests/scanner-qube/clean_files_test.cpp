// SPDX-License-Identifier: GPL-2.0-or-later
// Which files of a medium a list has, and how many fit.
#include "scanner-qube/scan/clean_files.hpp"

#include <gtest/gtest.h>

namespace tests {
namespace {

using scannerqube::CleanFiles;
namespace release = scannerqube::release;
namespace volume = scannerqube::volume;

volume::Entry entry_of(const std::string& path, std::uint64_t size = 10) {
  volume::Entry entry{.path = path, .size = size, .content = volume::Content::extents};
  entry.extents = {{.where = {.offset = 512, .length = size}}};
  return entry;
}

TEST(CleanFiles, HasThoseThatWereFoundClean) {
  CleanFiles files;
  const auto first = files.add(1, entry_of("a"), {std::byte{1}});
  const auto second = files.add(2, entry_of("b"), {std::byte{2}});
  const auto third = files.add(2, entry_of("c"), {std::byte{3}});
  ASSERT_TRUE(first && second && third);
  files.found_clean(*third);
  files.found_clean(*first);
  const release::ReleaseList list = files.take();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].path, "a");
  EXPECT_EQ(list[0].part, 1U);
  EXPECT_EQ(list[0].sha256, base::hash::Digest{std::byte{1}});
  EXPECT_EQ(list[1].path, "c");
  EXPECT_EQ(list[1].part, 2U);
  EXPECT_TRUE(files.take().empty());
}

TEST(CleanFiles, LeavesOutWhatAListCannotName) {
  CleanFiles files;
  auto deleted = entry_of("d");
  deleted.state = volume::State::deleted;
  auto stream = entry_of("a:s");
  stream.kind = volume::Kind::stream;
  auto compressed = entry_of("z");
  compressed.content = volume::Content::through_read;
  auto lying = entry_of("l");
  lying.size = 11;
  for (const auto& entry : {deleted, stream, compressed, lying}) {
    EXPECT_FALSE(files.add(0, entry, {})) << entry.path;
  }
}

TEST(CleanFiles, FitsIntoTheLargestList) {
  CleanFiles files;
  auto entry = entry_of("x", volume::max_extents);
  entry.extents.assign(volume::max_extents, {.where = {.offset = 0, .length = 1}});
  std::size_t added = 0;
  while (const auto file = files.add(0, entry, {})) {
    files.found_clean(*file);
    ++added;
  }
  const release::ReleaseList list = files.take();
  EXPECT_EQ(list.size(), added);
  EXPECT_GT(added, 1000U);
  const auto bytes = release::encode(list);
  EXPECT_LE(bytes.size(), release::max_list_bytes);
  EXPECT_GT(bytes.size() + release::encoded_size(list.front()), release::max_list_bytes);
  EXPECT_TRUE(release::parse_list(bytes, 1 << 20));
}

TEST(CleanFiles, HasNoMoreContentThanAListMay) {
  CleanFiles files;
  auto entry = entry_of("huge", release::max_content_bytes);
  EXPECT_TRUE(files.add(0, entry, {}));
  EXPECT_FALSE(files.add(0, entry_of("one byte", 1), {}));
  EXPECT_TRUE(
      files.add(0, volume::Entry{.path = "empty", .content = volume::Content::resident}, {}));
}

}  // namespace
}  // namespace tests
