// SPDX-License-Identifier: GPL-2.0-or-later
// The reader of our own for FAT, and what it and libtsk make of the same volume.
#include "scanner-qube/volume/fat/reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "scanner-qube/volume/compare.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::volume;

class OwnFat : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Bits, OwnFat, testing::Values(12, 16, 32));

TEST_P(OwnFat, ListsWhatIsThere) {
  const Folder folder;
  const std::string image = fat_image(folder, GetParam());
  const std::string all = slurp(image);
  const Listing listing = own_listing(all, FileSystem::fat);
  EXPECT_TRUE(listing.complete()) << listing.findings.at(0).text;
  EXPECT_EQ(listing.entries.size(), 7U);
  for (const auto& [path, content] : sample_files()) {
    const Entry* entry = entry_of(listing, path);
    ASSERT_NE(entry, nullptr) << path;
    std::string read;
    for (const Extent& extent : entry->extents) {
      read += all.substr(extent.where.offset, extent.where.length);
    }
    EXPECT_EQ(sha256(read), sha256(content)) << path;
  }
}

TEST_P(OwnFat, TwoReadersAgreeOnAnHonestVolume) {
  const Folder folder;
  const Report report = look(fat_image(folder, GetParam()));
  EXPECT_FALSE(has(report, Concern::difference));
  EXPECT_TRUE(report.complete());
}

// Offsets of what the tests change, taken from the volume itself.
struct Fat16 {
  explicit Fat16(const Folder& folder) : image(fat_image(folder, 16)), bytes(slurp(image)) {
    base::wire::Reader in(base::wire::as_bytes(std::string_view(bytes).substr(11)));
    const std::uint64_t sector = in.u16();
    cluster = in.u8() * sector;
    table = in.u16() * sector;
    copies = in.u8();
    const std::uint64_t root_entries = in.u16();
    in.take(3);
    table_length = in.u16() * sector;
    root = table + copies * table_length;
    data = root + root_entries * 32;
  }
  std::size_t record(const std::string& name) const { return bytes.find(name); }
  std::uint16_t first(std::size_t at) const {
    return base::wire::Reader(base::wire::as_bytes(std::string_view(bytes).substr(at + 26))).u16();
  }
  void set_first(std::size_t at, std::uint16_t cluster_number) {
    poke(at + 26, std::string{static_cast<char>(cluster_number & 0xff),
                              static_cast<char>(cluster_number >> 8)});
  }
  void link(std::uint16_t from, std::uint16_t to) {
    for (std::uint64_t copy = 0; copy < copies; ++copy) {
      poke(table + copy * table_length + from * 2ULL,
           std::string{static_cast<char>(to & 0xff), static_cast<char>(to >> 8)});
    }
  }
  void poke(std::uint64_t at, const std::string& what) {
    bytes.replace(static_cast<std::size_t>(at), what.size(), what);
    tests::poke(image, at, what);
  }

  std::string image;
  std::string bytes;
  std::uint64_t cluster = 0;
  std::uint64_t table = 0;
  std::uint64_t copies = 0;
  std::uint64_t table_length = 0;
  std::uint64_t root = 0;
  std::uint64_t data = 0;
};

TEST(FatChain, ALoopIsFound) {
  const Folder folder;
  Fat16 fat(folder);
  const auto first = fat.first(fat.record("BIG     BIN"));
  fat.link(static_cast<std::uint16_t>(first + 3), first);
  const Listing listing = own_listing(fat.bytes, FileSystem::fat);
  EXPECT_TRUE(has(listing.findings, Concern::chain_damaged, "loop"));
  EXPECT_EQ(entry_of(listing, "big.bin")->content, Content::none);
  EXPECT_FALSE(look(fat.image).complete());
}

TEST(FatChain, ACrossLinkIsFound) {
  const Folder folder;
  Fat16 fat(folder);
  const auto other = fat.first(fat.record("LEAF       "));
  const auto first = fat.first(fat.record("BIG     BIN"));
  fat.set_first(fat.record("LEAF       "), first);
  ASSERT_NE(other, first);
  EXPECT_TRUE(
      has(own_listing(fat.bytes, FileSystem::fat).findings, Concern::chain_damaged, "another"));
  EXPECT_TRUE(has(look(fat.image), Concern::chain_damaged, "another"));
}

TEST(FatChain, ASizeThatLiesIsFound) {
  const Folder folder;
  Fat16 fat(folder);
  fat.poke(fat.record("LEAF       ") + 28, std::string("\xff\xff\xff\x7f", 4));
  const Listing listing = own_listing(fat.bytes, FileSystem::fat);
  EXPECT_TRUE(has(listing.findings, Concern::chain_damaged));
  EXPECT_EQ(entry_of(listing, "folder/deeper/leaf")->reason, Reason::size_lies);
  EXPECT_FALSE(look(fat.image).complete());
}

TEST(FatChain, ASizeThatIsTooSmallIsFound) {
  const Folder folder;
  Fat16 fat(folder);
  fat.poke(fat.record("BIG     BIN") + 28, std::string("\x64\0\0\0", 4));
  fat.poke(fat.record("LEAF       ") + 28, std::string(4, '\0'));
  const Listing listing = own_listing(fat.bytes, FileSystem::fat);
  EXPECT_TRUE(has(listing.findings, Concern::chain_damaged, "'big.bin': its clusters go on"));
  EXPECT_TRUE(has(listing.findings, Concern::chain_damaged, "clusters, but no size"));
  EXPECT_EQ(entry_of(listing, "big.bin")->size, 100U);
}

TEST(FatFolder, ARecordBehindTheEndIsFound) {
  const Folder folder;
  Fat16 fat(folder);
  const std::string record = fat.bytes.substr(fat.record("BIG     BIN"), 32);
  std::size_t end = fat.root;
  while (fat.bytes[end] != 0) end += 32;
  fat.poke(end + 32, "\xe5");
  EXPECT_TRUE(own_listing(fat.bytes, FileSystem::fat).complete());
  fat.poke(end + 64, record);
  EXPECT_TRUE(has(own_listing(fat.bytes, FileSystem::fat).findings, Concern::table_damaged,
                  "behind its end"));
}

TEST(FatFolder, ALabelHidesNoFolder) {
  const Folder folder;
  Fat16 fat(folder);
  fat.poke(fat.record("FOLDER     ") + 11, "\x08");
  EXPECT_TRUE(has(own_listing(fat.bytes, FileSystem::fat).findings, Concern::table_damaged,
                  "a label that has clusters"));
}

TEST(FatFolder, AFolderIsInItself) {
  const Folder folder;
  Fat16 fat(folder);
  fat.set_first(fat.record("FOLDER     "), 4000);
  EXPECT_TRUE(has(own_listing(fat.bytes, FileSystem::fat).findings, Concern::contradiction,
                  "without itself"));
}

TEST(FatChain, AFolderWithinItselfEnds) {
  const Folder folder;
  Fat16 fat(folder);
  fat.set_first(fat.record("DEEPER     "), fat.first(fat.record("FOLDER     ")));
  const Listing listing = own_listing(fat.bytes, FileSystem::fat);
  EXPECT_EQ(entry_of(listing, "folder/deeper")->reason, Reason::loop);
  EXPECT_FALSE(listing.complete());
  const Report report = look(fat.image);
  EXPECT_FALSE(report.complete());
  EXPECT_LT(report.parts.at(0).file_systems.at(0).listing.entries.size(), 20U);
}

TEST(FatChain, AVolumeThatIsCutOffIsNotClean) {
  const Folder folder;
  const Fat16 fat(folder);
  shell("truncate -s " + std::to_string(fat.data + fat.cluster * 20) + " " + fat.image);
  EXPECT_FALSE(look(fat.image).complete());
  EXPECT_FALSE(own_listing(slurp(fat.image), FileSystem::fat).complete());
}

TEST(FatChain, EveryShorterVolumeIsRead) {
  const Folder folder;
  const Fat16 fat(folder);
  for (std::size_t size = 0; size < fat.data + 4096; size += 499) {
    const Listing listing = own_listing(fat.bytes.substr(0, size), FileSystem::fat);
    EXPECT_FALSE(listing.complete()) << size;
  }
}

TEST(Compare, EveryDifferenceIsAFinding) {
  const Entry file{.path = "a",
                   .size = 10,
                   .content = Content::extents,
                   .extents = {{.where = {.offset = 512, .length = 10}}}};
  const auto with = [](std::vector<Entry> entries) {
    Listing listing;
    listing.entries = std::move(entries);
    return listing;
  };
  EXPECT_TRUE(compare(with({file}), with({file})).empty());
  EXPECT_EQ(compare(with({file}), with({})).size(), 1U);
  EXPECT_EQ(compare(with({}), with({file})).size(), 1U);
  Entry changed = file;
  changed.size = 11;
  EXPECT_EQ(compare(with({file}), with({changed})).size(), 1U);
  changed = file;
  changed.extents[0].where.offset = 1024;
  EXPECT_EQ(compare(with({file}), with({changed})).size(), 1U);
  changed = file;
  changed.kind = Kind::directory;
  EXPECT_EQ(compare(with({file}), with({changed})).size(), 1U);
  changed = file;
  changed.path = "A";
  EXPECT_EQ(compare(with({file}), with({changed})).size(), 2U);
}

}  // namespace
}  // namespace tests
