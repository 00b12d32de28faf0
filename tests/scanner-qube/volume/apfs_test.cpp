// SPDX-License-Identifier: GPL-2.0-or-later
// APFS as macOS leaves it, and containers that a driver would show otherwise than libtsk.
#include <gtest/gtest.h>

#include "scanner-qube/volume/apfs/container.hpp"
#include "scanner-qube/volume/apfs/reader.hpp"
#include "tests/scanner-qube/volume/apfs_volume.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::volume;

std::string le(std::uint64_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xffU);
  return bytes;
}

class Apfs : public testing::Test {
 protected:
  // Of its first volume.
  void reseal(std::uint64_t block, std::size_t at, const std::string& with) {
    ApfsVolume::reseal(image_, block, at, with);
  }
  void in_both_superblocks(std::size_t at, const std::string& with) {
    reseal(ApfsVolume::container_at, at, with);
    reseal(ApfsVolume::checkpoint_at, at, with);
  }
  void expect_doubt(const std::string& words) {
    const Report report = look(image_);
    EXPECT_FALSE(report.complete());
    EXPECT_TRUE(has(report, Concern::not_examined, words)) << findings_of(report);
  }

  Folder folder_;
  ApfsVolume volume_{folder_};
  std::string image_;
};

TEST_F(Apfs, IsWhatApfsckTakesForSound) {
  volume_.file("folder/file", "content\n");
  volume_.file_with_hole("holes", 3 * apfs_image::block_size, "behind it\n");
  volume_.hard_link("other name", "folder/file");
  volume_.link("link", "folder/file");
  volume_.attribute("folder/file", "user.note", "noted");
  for (int i = 0; i < 100; ++i) volume_.file("many/file " + std::to_string(i), "");
  image_ = volume_.finish();
  shell("apfsck -cuw " + image_);  // ends the test where it complains
  EXPECT_TRUE(look(image_).complete()) << findings_of(look(image_));
}

TEST_F(Apfs, ShowsWhatIsInAttributesLinksAndHoles) {
  const std::string secret = random_bytes(5000, 9);
  volume_.file("small.txt", "hello\n");
  volume_.hard_link("folder/again.txt", "small.txt");
  volume_.link("link", "small.txt");
  volume_.attribute("small.txt", "user.hidden", "in an attribute\n");
  volume_.file_with_hole("holes", 2 * apfs_image::block_size, secret);
  volume_.compressed_file("packed.txt", std::string(3000, 'p'));
  image_ = volume_.finish();
  const Report report = look(image_);
  EXPECT_TRUE(report.complete()) << findings_of(report);
  Contents read = contents(image_);
  EXPECT_EQ(read["folder/again.txt"], "hello\n");
  EXPECT_EQ(read["small.txt:user.hidden"], "in an attribute\n");
  EXPECT_EQ(read["packed.txt"], std::string(3000, 'p'));
  EXPECT_EQ(sha256(read["holes"]), sha256(std::string(2 * apfs_image::block_size, '\0') + secret));
  const Entry* holes = find(report, "holes");
  ASSERT_NE(holes, nullptr);
  ASSERT_EQ(holes->extents.size(), 2U);
  EXPECT_EQ(holes->extents[0].backing, Backing::zeros);
  const Entry* link = find(report, "link");
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->kind, Kind::symlink);
}

TEST_F(Apfs, WhatIsCompressedInAWayNobodyKnowsIsAGap) {
  volume_.compressed_file("packed.txt", std::string(3000, 'p'));
  image_ = volume_.finish();
  for (const std::uint32_t way : {11U, 12U, 5U, 77U}) {
    const std::string bytes = apfs_image::read_block(image_, ApfsVolume::catalog_at);
    const std::size_t header = bytes.find("fpmc");
    ASSERT_NE(header, std::string::npos);
    reseal(ApfsVolume::catalog_at, header + 4, le(way, 4));
    expect_doubt("compressed in a way that nobody here knows");
  }
}

TEST_F(Apfs, ANewerCheckpointIsWhatADriverTakes) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  reseal(ApfsVolume::checkpoint_at, 0x10, le(7, 8));
  expect_doubt("its newest checkpoint of 7");
  // The same transaction with something else in it.
  reseal(ApfsVolume::checkpoint_at, 0x10, le(1, 8) + le(0x80000001, 4));
  EXPECT_TRUE(look(image_).complete());
  reseal(ApfsVolume::checkpoint_at, 0x98, le(99, 8));
  expect_doubt("no copy of its newest checkpoint");
}

TEST_F(Apfs, TwoNewestCheckpointsThatDifferAreNeither) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  reseal(4, 0, apfs_image::read_block(image_, ApfsVolume::checkpoint_at));
  EXPECT_TRUE(look(image_).complete());
  reseal(4, 0x98, le(99, 8));
  expect_doubt("two checkpoints of transaction 1 that differ");
}

// Then a driver goes back to the one before.
TEST_F(Apfs, ANewestCheckpointWithDamagedObjectsIsDoubtful) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  poke(image_, ApfsVolume::spaceman_at * apfs_image::block_size + 300, "damage");
  expect_doubt("a driver may take an older one");
}

// The blocks of these objects are a ring; only the first of them is where a map says.
TEST_F(Apfs, AnObjectOfTheNewestCheckpointMayWrapAround) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  constexpr std::uint64_t map = 1;
  constexpr std::size_t mapping = 0x28;  // of the first object, the reaper
  const std::string super = apfs_image::read_block(image_, ApfsVolume::container_at);
  const std::uint64_t first = apfs_image::long_at(super, 0x78);
  const std::uint64_t last = first + apfs_image::word_at(super, 0x6c) - 1;
  ASSERT_EQ(apfs_image::long_at(apfs_image::read_block(image_, map), mapping + 32), first);
  const std::string tail(apfs_image::block_size, 't');
  apfs_image::write_sealed(image_, last - 1, apfs_image::read_block(image_, first) + tail);
  poke(image_, last * apfs_image::block_size, apfs_image::read_block(image_, last - 1));
  poke(image_, first * apfs_image::block_size, tail);
  reseal(map, mapping + 8, le(2 * apfs_image::block_size, 4));
  reseal(map, mapping + 32, le(last, 8));
  EXPECT_TRUE(look(image_).complete()) << findings_of(look(image_));
  poke(image_, first * apfs_image::block_size + 300, "damage");
  expect_doubt("a driver may take an older one");
}

TEST_F(Apfs, ANewestCheckpointWithoutItsMapsIsDoubtful) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  constexpr std::uint64_t map = 1;
  reseal(map, 0x20, le(0, 4));  // not the last one
  expect_doubt("a driver may take an older one");
  reseal(map, 0x20, le(1, 4) + le(0, 4));  // of no objects
  expect_doubt("a driver may take an older one");
}

TEST_F(Apfs, WhatADriverCountsForItselfMayDiffer) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  reseal(ApfsVolume::container_at, 0x3d8, le(5, 8));
  EXPECT_TRUE(look(image_).complete()) << findings_of(look(image_));
}

TEST_F(Apfs, ATreeOfAnotherKindIsDamage) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  reseal(ApfsVolume::catalog_at, apfs_image::block_size - apfs_image::info_size, le(0x50, 4));
  const Report report = look(image_);
  EXPECT_FALSE(report.complete());
  EXPECT_TRUE(has(report, Concern::table_damaged, "no node of its tree")) << findings_of(report);
}

TEST_F(Apfs, SnapshotsThatNobodyCountsAreADoubt) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  reseal(ApfsVolume::snapshots_at, 0x24, le(1, 4));
  expect_doubt("what is in its snapshots was not read");
}

TEST_F(Apfs, AHoleMayBeLargerThanTheMedium) {
  volume_.file_with_hole("holes", std::uint64_t{1} << 40U, "behind it\n");
  image_ = volume_.finish();
  const Report report = look(image_);
  EXPECT_TRUE(report.complete()) << findings_of(report);
}

TEST_F(Apfs, AnExtentThatBeginsBeyondAllIsDamage) {
  volume_.file("file", "content\n");
  image_ = volume_.finish();
  const std::string catalog = apfs_image::read_block(image_, ApfsVolume::catalog_at);
  const std::size_t key = catalog.find(le(16 | std::uint64_t{8} << 60U, 8));
  ASSERT_NE(key, std::string::npos);
  reseal(ApfsVolume::catalog_at, key + 8, le(std::uint64_t{1} << 62U, 8));
  const Report report = look(image_);
  EXPECT_FALSE(report.complete());
  EXPECT_FALSE(has(report, Concern::reader_ended)) << findings_of(report);
}

// libtsk finds a file's extents by its own number, where there are any; drivers by its stream's.
TEST_F(Apfs, TheStreamOfAnotherNumberIsADifference) {
  volume_.file("harmless.txt", std::string(6000, 'h'));
  volume_.file("other.txt", std::string(6000, 'o'));
  image_ = volume_.finish();
  const std::string catalog = apfs_image::read_block(image_, ApfsVolume::catalog_at);
  // An inode begins with its folder's number and its stream's.
  const std::size_t inode = catalog.find(le(2, 8) + le(16, 8));
  ASSERT_NE(inode, std::string::npos);
  reseal(ApfsVolume::catalog_at, inode + 8, le(17, 8));
  const Report report = look(image_);
  EXPECT_FALSE(report.complete());
  EXPECT_TRUE(has(report, Concern::difference, "lies elsewhere to the other reader"))
      << findings_of(report);
}

TEST_F(Apfs, KeysOutOfOrderAreDamage) {
  for (int i = 0; i < 3; ++i) volume_.file("file " + std::to_string(i), "x");
  image_ = volume_.finish();
  const std::string catalog = apfs_image::read_block(image_, ApfsVolume::catalog_at);
  constexpr std::size_t table = 56;
  reseal(ApfsVolume::catalog_at, table, catalog.substr(table + 8, 8) + catalog.substr(table, 8));
  const Report report = look(image_);
  EXPECT_FALSE(report.complete());
  EXPECT_TRUE(has(report, Concern::table_damaged, "not in order")) << findings_of(report);
}

TEST_F(Apfs, AnAttributeOfTheRootIsSeen) {
  volume_.file("small.txt", "hello\n");
  volume_.attribute("", "user.hidden", "in the root\n");
  image_ = volume_.finish();
  EXPECT_TRUE(look(image_).complete()) << findings_of(look(image_));
  EXPECT_EQ(contents(image_)[".:user.hidden"], "in the root\n");
}

TEST_F(Apfs, OlderCheckpointsAreOfNoMatter) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  std::string old = apfs_image::read_block(image_, ApfsVolume::checkpoint_at);
  old.replace(0x10, 8, le(0, 8));
  reseal(4, 0, old);
  EXPECT_TRUE(look(image_).complete());
}

TEST_F(Apfs, WhatAContainerSaysIsHeeded) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  in_both_superblocks(0x40, le(0x102, 8));
  expect_doubt("on another disk");
  in_both_superblocks(0x40, le(0x402, 8));
  expect_doubt("0x400");
  in_both_superblocks(0x40, le(0x2, 8));
  EXPECT_TRUE(look(image_).complete());
  in_both_superblocks(0x68, le(0x80000008, 4));
  expect_doubt("several pieces");
  in_both_superblocks(0x68, le(max_entries, 4));
  expect_doubt("blocks of checkpoints");
  in_both_superblocks(0x68, le(8, 4) + le(0, 4) + le(~0ULL - 2, 8));
  expect_doubt("checkpoints beyond its end");
}

TEST_F(Apfs, WhatAVolumeSaysIsHeeded) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  const auto with = [this](std::size_t at, std::uint64_t value, std::uint64_t before,
                           const std::string& words) {
    SCOPED_TRACE(words);
    reseal(ApfsVolume::volume_at, at, le(value, 8));
    expect_doubt(words);
    reseal(ApfsVolume::volume_at, at, le(before, 8));
  };
  with(0xd8, 3, 0, "its 3 snapshots");
  with(0x108, 0, 1, "encrypted");
  with(0xa0, 5, 0, "sees one of its snapshots");
  with(0x3c8, 5, 0, "sees one of its snapshots");
  with(0x38, 0x21, 1, "features that nobody here knows: 0x20");
  EXPECT_TRUE(look(image_).complete());
}

TEST_F(Apfs, SpoiltStructuresAreNeverComplete) {
  volume_.file("small.txt", "hello\n");
  for (int i = 0; i < 60; ++i) volume_.file("many/file " + std::to_string(i), "x");
  image_ = volume_.finish();
  for (const std::uint64_t block : volume_.structures()) {
    SCOPED_TRACE(block);
    const std::string before = apfs_image::read_block(image_, block).substr(0, 64);
    std::string spoilt = before;
    spoilt[40] = static_cast<char>(spoilt[40] ^ 0x41);
    poke(image_, block * apfs_image::block_size, spoilt);
    const Report report = look(image_);
    EXPECT_FALSE(report.complete());
    poke(image_, block * apfs_image::block_size, before);
  }
  EXPECT_TRUE(look(image_).complete());
}

TEST_F(Apfs, EachVolumeHasItsOwnPaths) {
  volume_.file("small.txt", "hello\n");
  image_ = volume_.finish();
  volume_.second_volume();
  const Report report = look(image_);
  EXPECT_TRUE(report.complete()) << findings_of(report);
  Contents read = contents(image_);
  EXPECT_EQ(read["volume 1/small.txt"], "hello\n");
  EXPECT_EQ(read["volume 2/small.txt"], "hello\n");
}

TEST_F(Apfs, AnEmptyContainerIsComplete) {
  image_ = volume_.finish();
  const Report report = look(image_);
  EXPECT_TRUE(report.complete()) << findings_of(report);
  ASSERT_EQ(report.parts.size(), 1U);
  EXPECT_EQ(report.parts[0].looks_like, std::vector{FileSystem::apfs});
}

TEST(ApfsReader, AnythingCanBeLookedAt) {
  EXPECT_FALSE(apfs::look_at_volume({}).doubts.empty());
  const std::string noise = random_bytes(20'000, 4);
  EXPECT_FALSE(apfs::look_at_volume(base::wire::as_bytes(noise)).doubts.empty());
  for (const std::string& bytes : {std::string(), noise}) {
    const MemorySource source(base::wire::as_bytes(bytes));
    Listing listing;
    apfs::list(source, {.offset = 0, .length = bytes.size()}, listing);
    EXPECT_FALSE(listing.complete());
  }
}

}  // namespace
}  // namespace tests
