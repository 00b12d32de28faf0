// SPDX-License-Identifier: GPL-2.0-or-later
// Real file systems: every path, size and byte that went in comes out.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/scanner-qube/volume/apfs_volume.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::volume;

// The ranges on the medium hold the same bytes that libtsk reads.
std::string by_extents(const std::string& all, const Entry& entry) {
  std::string content;
  for (const Extent& extent : entry.extents) {
    content += extent.backing == Backing::zeros
                   ? std::string(extent.where.length, '\0')
                   : all.substr(extent.where.offset, extent.where.length);
  }
  return content;
}

void expect_samples(const std::string& image, const std::vector<std::string>& paths) {
  const Report report = look(image);
  const Contents read = contents(image);
  const std::string bytes = slurp(image);
  for (const std::string& path : paths) {
    const std::string expected = sample_files().at(path);
    const Entry* entry = find(report, path);
    ASSERT_NE(entry, nullptr) << path << "\n" << report.findings.size();
    EXPECT_EQ(entry->size, expected.size()) << path;
    EXPECT_EQ(entry->state, State::allocated);
    ASSERT_TRUE(read.contains(path)) << path;
    EXPECT_EQ(sha256(read.at(path)), sha256(expected)) << path;
    if (entry->content == Content::extents) {
      EXPECT_EQ(sha256(by_extents(bytes, *entry)), sha256(expected)) << path;
    } else {
      ASSERT_EQ(entry->content, Content::resident) << path;
      EXPECT_EQ(base::wire::as_text(entry->resident), expected) << path;
    }
  }
}

std::vector<std::string> all_samples() {
  std::vector<std::string> paths;
  for (const auto& [path, content] : sample_files()) paths.push_back(path);
  return paths;
}

class Fat : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Bits, Fat, testing::Values(12, 16, 32));

TEST_P(Fat, GivesEveryByte) {
  const Folder folder;
  const std::string image = fat_image(folder, GetParam());
  expect_samples(image, all_samples());
  const Report report = look(image);
  EXPECT_TRUE(report.complete()) << findings_of(report);
  ASSERT_EQ(report.parts.size(), 1U);
  EXPECT_EQ(report.parts[0].part.table, TableKind::none);
  EXPECT_EQ(report.parts[0].looks_like, std::vector{FileSystem::fat});
  // Five files, two folders, and no invention of libtsk's.
  EXPECT_EQ(report.parts[0].file_systems[0].listing.entries.size(), 7U);
}

TEST_P(Fat, ShowsDeletedFilesOnlyWhenAsked) {
  const Folder folder;
  const std::string image = fat_image(folder, GetParam());
  shell("mdel -i " + image + " ::/big.bin");
  EXPECT_EQ(find(look(image), "big.bin"), nullptr);
  const Report report = look(image, true);
  const auto& entries = report.parts.at(0).file_systems.at(0).listing.entries;
  const auto deleted = std::ranges::find_if(entries, [](const Entry& entry) {
    return entry.state == State::deleted && entry.size == 700'001;
  });
  ASSERT_NE(deleted, entries.end());
  EXPECT_EQ(sha256(contents(image, true)[deleted->path]), sha256(sample_files().at("big.bin")));
}

TEST(Exfat, ListsWhatMkfsMade) {
  const Folder folder;
  const Report report = look(exfat_image(folder));
  EXPECT_TRUE(report.complete()) << findings_of(report);
  ASSERT_EQ(report.parts.size(), 1U);
  EXPECT_EQ(report.parts[0].looks_like, std::vector{FileSystem::exfat});
}

TEST(Ntfs, GivesFilesAndAlternateStreams) {
  const Folder folder;
  const std::string image = ntfs_image(folder);
  expect_samples(image, {"empty", "small.txt", "big.bin"});
  const Report report = look(image);
  EXPECT_TRUE(report.complete()) << findings_of(report);
  const Entry* stream = find(report, "small.txt:hidden.exe");
  ASSERT_NE(stream, nullptr);
  EXPECT_EQ(stream->kind, Kind::stream);
  EXPECT_EQ(contents(image)["small.txt:hidden.exe"], "hidden in a stream\n");
}

class Ext : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Kinds, Ext, testing::Values("ext2", "ext3", "ext4"));

TEST_P(Ext, GivesEveryByteLinksAndSpecialFiles) {
  const Folder folder;
  const std::string image = ext_image(folder, GetParam());
  expect_samples(image, all_samples());
  const Report report = look(image);
  EXPECT_TRUE(report.complete()) << findings_of(report);
  const Entry* link = find(report, "folder/link");
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->kind, Kind::symlink);
  EXPECT_EQ(base::wire::as_text(link->resident), "../small.txt");
  ASSERT_NE(find(report, "pipe"), nullptr);
  EXPECT_EQ(find(report, "pipe")->kind, Kind::special);
}

TEST(Ext4, HolesAreZeros) {
  const Folder folder;
  const std::string tree = sample_tree(folder);
  shell("truncate -s 3M " + tree + "/holes; printf x | dd of=" + tree +
        "/holes bs=1 seek=2000000 conv=notrunc");
  const std::string image = blank(folder, "ext4.img", 16);
  shell("mkfs.ext4 -q -F -d " + tree + " " + image);
  std::string expected(3 * 1024 * 1024, '\0');
  expected[2'000'000] = 'x';
  EXPECT_EQ(sha256(contents(image)["holes"]), sha256(expected));
  const std::string bytes = slurp(image);
  const Report report = look(image);
  const Entry* entry = find(report, "holes");
  ASSERT_NE(entry, nullptr);
  ASSERT_EQ(entry->content, Content::extents);
  EXPECT_EQ(sha256(by_extents(bytes, *entry)), sha256(expected));
}

TEST(Iso, GivesEveryByteByItsJolietNames) {
  const Folder folder;
  const std::string image = iso_image(folder, "-J -R");
  expect_samples(image, all_samples());
  const Report report = look(image);
  EXPECT_TRUE(report.complete()) << findings_of(report);
}

TEST(Iso, GivesEveryByteByItsPlainNames) {
  const Folder folder;
  const std::string image = iso_image(folder, "-R");
  EXPECT_EQ(sha256(contents(image)["BIG.BIN"]), sha256(sample_files().at("big.bin")));
  EXPECT_TRUE(look(image).complete());
}

TEST(Ntfs, AStreamOfTheRootIsSeen) {
  const Folder folder;
  const std::string image = ntfs_image(folder);
  write_file((folder.path() / "stream").string(), "hidden in the root\n");
  shell("ntfscp -f -i -N hidden.exe " + image + " " + (folder.path() / "stream").string() +
        " 5");  // the root
  EXPECT_EQ(contents(image)[".:hidden.exe"], "hidden in the root\n");
}

TEST(ApfsSamples, GiveEveryByte) {
  const Folder folder;
  ApfsVolume volume(folder);
  for (const auto& [path, content] : sample_files()) volume.file(path, content);
  const std::string image = volume.finish();
  expect_samples(image, all_samples());
  const Report report = look(image);
  EXPECT_TRUE(report.complete()) << findings_of(report);
}

}  // namespace
}  // namespace tests
