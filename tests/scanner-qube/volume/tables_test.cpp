// SPDX-License-Identifier: GPL-2.0-or-later
// Partition tables as tools write them, and as nobody should.
#include <gtest/gtest.h>

#include "scanner-qube/volume/recognise.hpp"
#include "scanner-qube/volume/tables.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::volume;

constexpr std::uint64_t sector = 512;
constexpr std::uint64_t mebibyte = 1024 * 1024;

std::string disk(const Folder& folder, const std::string& script) {
  const std::string image = blank(folder, "disk.img", 16);
  shell("printf '" + script + "' | sfdisk -q " + image);
  return image;
}

Layout tables_of(const std::string& image) {
  const auto source = FileSource::open(image);
  if (!source) std::abort();
  return read_tables(**source);
}

std::string gpt_disk(const Folder& folder) {
  const std::string image = blank(folder, "disk.img", 16);
  shell("sgdisk -n 1:2048:+4M -n 2:0:+2M " + image);
  return image;
}

TEST(Tables, ListsPrimaryAndLogicalPartitions) {
  const Folder folder;
  const Layout layout = tables_of(
      disk(folder, "label: dos\\n2048,2048,c\\n4096,16384,5\\n6144,2048,83\\n10240,2048,83\\n"));
  ASSERT_EQ(layout.parts.size(), 3U);
  EXPECT_EQ(layout.parts[0].where, (Range{2048 * sector, 2048 * sector}));
  EXPECT_EQ(layout.parts[0].type, "0x0c");
  EXPECT_EQ(layout.parts[1].table, TableKind::mbr_logical);
  EXPECT_EQ(layout.parts[1].where, (Range{6144 * sector, 2048 * sector}));
  EXPECT_EQ(layout.parts[2].where, (Range{10240 * sector, 2048 * sector}));
  EXPECT_TRUE(layout.findings.empty()) << layout.findings[0].text;
  std::uint64_t space = 0;
  for (const Area& area : layout.areas) {
    if (area.kind == AreaKind::space) space += area.where.length;
  }
  // All but three partitions, the first sector and two extended records.
  EXPECT_EQ(space, 16 * mebibyte - 3 * 2048 * sector - 3 * sector);
}

TEST(Tables, ListsBothCopiesOfAGptAsOne) {
  const Folder folder;
  const Layout layout = tables_of(gpt_disk(folder));
  ASSERT_EQ(layout.parts.size(), 2U);
  EXPECT_EQ(layout.parts[0].table, TableKind::gpt);
  EXPECT_EQ(layout.parts[0].where, (Range{2048 * sector, 4 * mebibyte}));
  EXPECT_EQ(layout.parts[0].type, "0fc63daf-8483-4772-8e79-3d69d8477de4");
  EXPECT_TRUE(layout.findings.empty()) << layout.findings[0].text;
}

TEST(Tables, AHybridIsAContradiction) {
  const Folder folder;
  const std::string image = gpt_disk(folder);
  shell("sgdisk -h 1 " + image);
  const Layout layout = tables_of(image);
  EXPECT_TRUE(has(layout.findings, Concern::contradiction, "hybrid"));
  EXPECT_EQ(layout.parts.size(), 2U);
}

TEST(Tables, AHybridsHiddenPartIsListedToo) {
  const Folder folder;
  const std::string image = gpt_disk(folder);
  // A second slot of the protective MBR: type 0c from sector 20000 on, 2000 long.
  poke(image, 446 + 16, std::string("\0\0\0\0\x0c\0\0\0\x20\x4e\0\0\xd0\x07\0\0", 16));
  const Layout layout = tables_of(image);
  EXPECT_TRUE(has(layout.findings, Concern::contradiction, "hybrid"));
  ASSERT_EQ(layout.parts.size(), 3U);
  EXPECT_EQ(layout.parts[2].where, (Range{20000 * sector, 2000 * sector}));
  EXPECT_EQ(layout.parts[2].table, TableKind::mbr);
}

TEST(Tables, CopiesThatDifferAreBothListed) {
  const Folder folder;
  const std::string image = gpt_disk(folder);
  const std::string before = slurp(image);
  shell("sgdisk -d 2 -n 2:0:+6M " + image);
  poke(image, 0, before.substr(0, 34 * sector));  // the first copy as it was, the backup as it is
  const Layout layout = tables_of(image);
  EXPECT_TRUE(has(layout.findings, Concern::contradiction, "different partitions"));
  EXPECT_EQ(layout.parts.size(), 3U);
}

TEST(Tables, ADamagedFirstCopyIsSaid) {
  const Folder folder;
  const std::string image = gpt_disk(folder);
  poke(image, 2 * sector + 40, "\x01");
  EXPECT_TRUE(has(tables_of(image).findings, Concern::table_damaged, "wrong checksum"));
  poke(image, sector, std::string(sector, '\0'));
  const Layout layout = tables_of(image);
  EXPECT_TRUE(has(layout.findings, Concern::table_damaged, "only the backup"));
  ASSERT_EQ(layout.parts.size(), 2U);
  EXPECT_EQ(layout.parts[0].table, TableKind::gpt_backup);
}

TEST(Tables, PartitionsThatOverlapAreSaid) {
  const Folder folder;
  const std::string image = disk(folder, "label: dos\\n2048,4096,c\\n8192,4096,83\\n");
  poke(image, 446 + 16 + 8, std::string("\0\x10\0\0", 4));  // the second begins at 4096
  EXPECT_TRUE(has(tables_of(image).findings, Concern::overlap, "0 and 1"));
}

TEST(Tables, APartitionBeyondTheEndIsCutAndSaid) {
  const Folder folder;
  const std::string image = disk(folder, "label: dos\\n2048,4096,c\\n");
  poke(image, 446 + 12, std::string("\0\0\x10\0", 4));
  const Layout layout = tables_of(image);
  EXPECT_TRUE(has(layout.findings, Concern::out_of_range));
  ASSERT_EQ(layout.parts.size(), 1U);
  EXPECT_EQ(layout.parts[0].where.end(), 16 * mebibyte);
}

TEST(Tables, ALoopOfExtendedRecordsEnds) {
  const Folder folder;
  const std::string image =
      disk(folder, "label: dos\\n4096,16384,5\\n6144,2048,83\\n10240,2048,83\\n");
  // The second record's way to the next leads back to the first: relative start 0.
  const std::string first = slurp(image).substr(4096 * sector, sector);
  std::uint64_t next = 0;
  for (int i = 3; i >= 0; --i) {
    next = next << 8 | static_cast<unsigned char>(first[446 + 16 + 8 + static_cast<unsigned>(i)]);
  }
  poke(image, (4096 + next) * sector + 446 + 16,
       std::string("\0\0\0\0\x05\0\0\0\0\0\0\0\0\x08\0\0", 16));
  EXPECT_TRUE(has(tables_of(image).findings, Concern::table_loop));
}

TEST(Tables, AFileSystemBesideATableIsAmbiguous) {
  const Folder folder;
  const std::string image = fat_image(folder, 16);
  poke(image, 446, std::string("\0\0\0\0\x0c\0\0\0\x20\x4e\0\0\xd0\x07\0\0", 16));
  const Layout layout = tables_of(image);
  EXPECT_TRUE(has(layout.findings, Concern::ambiguous));
  EXPECT_EQ(layout.parts.size(), 2U);
}

TEST(Tables, AMediumThatCannotBeReadHasNoCleanTable) {
  const Folder folder;
  const std::string image = gpt_disk(folder);
  const OddSource source(image, {.offset = 0, .length = 512}, [] { return false; });
  EXPECT_TRUE(has(read_tables(source).findings, Concern::read_error));
}

TEST(Recognise, KnowsWhatItCannotRead) {
  const auto kinds = [](std::string head, std::size_t offset, std::string_view bytes) {
    head.resize(std::max<std::size_t>(head.size(), 128 * 1024));
    head.replace(offset, bytes.size(), bytes);
    const MemorySource source(base::wire::as_bytes(head));
    return recognise(source, {.offset = 0, .length = head.size()}).kinds;
  };
  EXPECT_EQ(kinds("", 0, "LUKS\xba\xbe"), std::vector{FileSystem::luks});
  EXPECT_EQ(kinds("", 3, "-FVE-FS-"), std::vector{FileSystem::bitlocker});
  EXPECT_EQ(kinds("", 32, "NXSB"), std::vector{FileSystem::apfs});
  EXPECT_EQ(kinds("", 0, "XFSB"), std::vector{FileSystem::other});
  EXPECT_EQ(kinds("", 0, ""), std::vector{FileSystem::empty});
  EXPECT_EQ(kinds("", 100, "something"), std::vector{FileSystem::unknown});
  EXPECT_EQ(kinds(random_bytes(128 * 1024, 5), 0, ""), std::vector{FileSystem::random});
}

TEST(Recognise, WhatIsNotReadIsSaid) {
  const Folder folder;
  const std::string image = blank(folder, "luks.img", 1);
  EXPECT_FALSE(look(image).complete());
  poke(image, 0, "LUKS\xba\xbe");
  const Report report = look(image);
  EXPECT_FALSE(report.complete());
  EXPECT_TRUE(has(report, Concern::not_examined, "luks"));
}

}  // namespace
}  // namespace tests
