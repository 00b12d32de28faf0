// SPDX-License-Identifier: GPL-2.0-or-later
// What our own readers of ISO 9660 and of ext see that libtsk does not.
#include <gtest/gtest.h>

#include "base/wire/writer.hpp"
#include "scanner-qube/volume/compare.hpp"
#include "scanner-qube/volume/ext/folder.hpp"
#include "scanner-qube/volume/ext/superblock.hpp"
#include "scanner-qube/volume/foreign_tables.hpp"
#include "scanner-qube/volume/iso/reader.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::volume;

Listing disc_listing(const std::string& bytes) {
  const MemorySource source(base::wire::as_bytes(bytes));
  Listing listing;
  iso::list(source, {.offset = 0, .length = bytes.size()}, listing);
  return listing;
}

TEST(IsoReader, ListsEveryTree) {
  const Folder folder;
  const std::string bytes = slurp(iso_image(folder, "-J -R"));
  const Listing listing = disc_listing(bytes);
  EXPECT_TRUE(listing.complete()) << listing.findings.at(0).text;
  for (const char* path : {"FOLDER/DEEPER/LEAF.", "folder/deeper/leaf"}) {
    const Entry* entry = entry_of(listing, path);
    ASSERT_NE(entry, nullptr) << path;
    EXPECT_EQ(bytes.substr(entry->extents.at(0).where.offset, entry->size),
              sample_files().at("folder/deeper/leaf"));
  }
}

TEST(IsoReader, AnHonestDiscIsComplete) {
  for (const char* options : {"", "-J", "-R", "-J -R"}) {
    const Folder folder;
    const Report report = look(iso_image(folder, options));
    EXPECT_TRUE(report.complete()) << options;
  }
}

TEST(IsoReader, WhatOnlyThePlainTreeHasIsListed) {
  const Folder folder;
  const Report report = look(iso_image(folder, "-J -R -hide-joliet big.bin"));
  EXPECT_TRUE(has(report, Concern::difference, "second reader only"));
  EXPECT_NE(find(report, "BIG.BIN"), nullptr);
}

TEST(IsoReader, EveryShorterDiscIsRead) {
  const Folder folder;
  const std::string bytes = slurp(iso_image(folder, "-J"));
  for (std::size_t size = 0; size < bytes.size() - 300 * 2048; size += 1999) {
    EXPECT_FALSE(disc_listing(bytes.substr(0, size)).complete()) << size;
  }
}

TEST(AddUnseen, OnlyWhatIsNotThereIsAdded) {
  const auto file = [](const std::string& path, std::uint64_t at) {
    return Entry{.path = path,
                 .size = 10,
                 .content = Content::extents,
                 .extents = {{.where = {.offset = at, .length = 10}}}};
  };
  Listing one;
  one.entries = {file("a", 2048)};
  Listing other;
  other.entries = {file("A.;1", 2048), file("B", 4096)};
  EXPECT_EQ(add_unseen(one, other).size(), 1U);
  ASSERT_EQ(one.entries.size(), 2U);
  EXPECT_EQ(one.entries[1].path, "B");
  EXPECT_TRUE(add_unseen(one, other).empty());
  EXPECT_EQ(add_unseen(one, {}).size(), 2U);
}

struct Block {
  std::vector<std::byte> bytes;
  Block& record(std::uint32_t inode, std::uint16_t length, const std::string& name) {
    base::wire::Writer out(bytes);
    out.u32(inode).u16(length).u8(static_cast<std::uint8_t>(name.size())).u8(1).text(name);
    out.zeros(length > 8 + name.size() ? length - 8 - name.size() : 0);
    return *this;
  }
  ext::FolderBlock parse() const { return ext::parse_folder_block(bytes); }
};

TEST(ExtFolder, ReadsNamesInUse) {
  const auto found = Block()
                         .record(2, 12, ".")
                         .record(2, 12, "..")
                         .record(0, 16, "gone")
                         .record(12, 984, "a")
                         .parse();
  EXPECT_EQ(found.damage, "");
  EXPECT_TRUE(found.has_self);
  EXPECT_EQ(found.inodes, std::vector<std::uint32_t>{12});
}

TEST(ExtFolder, RejectsRecordsThatCannotBe) {
  EXPECT_NE(Block().record(12, 0, "a").parse().damage, "");
  EXPECT_NE(Block().record(12, 13, "a").parse().damage, "");
  EXPECT_NE(Block().record(12, 8, "").parse().damage, "");
  EXPECT_NE(Block().record(12, 12, "longer than this").parse().damage, "");
  EXPECT_NE(Block().record(12, 12, "").parse().damage, "");
  auto cut = Block().record(12, 64, "a");
  cut.bytes.resize(32);
  EXPECT_NE(cut.parse().damage, "");
}

TEST(ExtSuperblock, SaysWhatNobodyHeeds) {
  const Folder folder;
  std::string bytes = slurp(ext_image(folder, "ext4")).substr(1024, 1024);
  const auto with = [&bytes](std::size_t at, const std::string& what) {
    std::string changed = bytes;
    changed.replace(at, what.size(), what);
    return ext::superblock_doubts(base::wire::as_bytes(changed)).size();
  };
  EXPECT_EQ(with(0, ""), 0U);
  EXPECT_EQ(with(88, std::string(2, '\0')), 1U);
  EXPECT_EQ(with(96, std::string("\xc6\x02\0\0", 4)), 1U);    // to be played back
  EXPECT_EQ(with(96, std::string("\xc2\x02\x01\0", 4)), 1U);  // encrypted
  EXPECT_EQ(with(96, std::string("\xc2\x02\0\x40", 4)), 1U);  // of tomorrow
  EXPECT_EQ(with(24, std::string("\xff\0\0\0", 4)), 1U);
  EXPECT_EQ(ext::superblock_doubts({}).size(), 1U);
}

TEST(ForeignTables, AreNamedOnce) {
  std::string bytes(1 << 20, '\0');
  const auto names = [&bytes] {
    const MemorySource source(base::wire::as_bytes(bytes));
    return foreign_tables(source, {{.where = {.offset = 65536, .length = 65536}, .type = "0x81"}});
  };
  EXPECT_TRUE(names().empty());
  bytes.replace(512, 4, std::string("PM\0\0", 4));
  bytes.replace(1024, 4, std::string("PM\0\0", 4));
  EXPECT_EQ(names().size(), 1U);
  bytes.replace(65536 + 510, 2, "\x55\xaa");
  EXPECT_EQ(names().size(), 2U);
  bytes.replace(65536 + 512, 4, "\x57\x45\x56\x82");
  EXPECT_EQ(names().size(), 3U);
}

}  // namespace
}  // namespace tests
