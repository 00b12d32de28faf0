// SPDX-License-Identifier: GPL-2.0-or-later
// The virtual volume, read by our own reader: which format, where content lies, and that it is
// always the same.
#include "scanner-qube/release/volume.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "scanner-qube/release/dos_time.hpp"
#include "scanner-qube/release/exfat_upcase.hpp"
#include "scanner-qube/volume/fat/geometry.hpp"
#include "scanner-qube/volume/fat/reader.hpp"
#include "scanner-qube/volume/recognise.hpp"
#include "tests/scanner-qube/release/media.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::release;
namespace volume = scannerqube::volume;
using volume::FileSystem;
using volume::MemorySource;

// No bytes at all, as if there were a medium of any size.
const MemorySource no_medium{base::wire::Bytes()};

Medium small_medium() {
  Medium medium;
  medium.add("small.txt", "hello\n");
  medium.add("folder/big.bin", random_bytes(300'001, 1));
  medium.add("folder/deeper/x", "x");
  medium.add_scattered("folder/pieces", random_bytes(10'000, 2), 5'000);
  medium.add_resident("resident", "in the list");
  medium.add("empty", "");
  return medium;
}

ReleasedFile zeros(const std::string& path, std::uint64_t size) {
  return {.path = path,
          .size = size,
          .extents = {{.where = {.offset = 0, .length = size}, .backing = volume::Backing::zeros}}};
}

volume::Listing own(const Volume& made, const volume::Source& medium) {
  const VolumeSource source(made, medium);
  volume::Listing listing;
  volume::fat::list(source, {.offset = 0, .length = source.size()}, made.kind(), listing);
  return listing;
}

volume::fat::Geometry geometry(const Volume& made) {
  const VolumeSource source(made, no_medium);
  const auto boot = volume::read_some(source, 0, 512);
  const auto parsed = made.kind() == FileSystem::exfat ? volume::fat::parse_exfat_boot(*boot)
                                                       : volume::fat::parse_fat_boot(*boot);
  EXPECT_TRUE(parsed) << parsed.error().text;
  return *parsed;
}

TEST(ReleaseVolume, OurReaderFindsEveryFileWithItsBytes) {
  Medium medium = small_medium();
  const MemorySource source = medium.source();
  for (const FormatWish wish : {FormatWish::fat32, FormatWish::exfat}) {
    const Volume made = make(medium.list(), {.format = wish, .report = "all is well\n"});
    const volume::Listing listing = own(made, source);
    for (const auto& found : listing.findings) ADD_FAILURE() << found.text;
    const VolumeSource bytes(made, source);
    const std::string all = read_all(bytes);
    for (const ReleasedFile& file : medium.list()) {
      const volume::Entry* entry = entry_of(listing, file.path);
      ASSERT_NE(entry, nullptr) << file.path;
      ASSERT_EQ(entry->size, file.size);
      ASSERT_LE(entry->extents.size(), 1U);  // in one piece
      std::string content;
      for (const auto& extent : entry->extents) {
        content += all.substr(extent.where.offset, extent.where.length);
      }
      EXPECT_EQ(sha256(content), base::wire::as_text(file.sha256)) << file.path;
    }
    const volume::Entry* report = entry_of(listing, "SALLYPORT-REPORT.TXT");
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(all.substr(report->extents.at(0).where.offset, report->size), "all is well\n");
    EXPECT_NE(entry_of(listing, "SALLYPORT-MANIFEST.TXT"), nullptr);
  }
}

TEST(ReleaseVolume, ReadInAnyPiecesItIsTheSame) {
  Medium medium = small_medium();
  const MemorySource source = medium.source();
  std::mt19937 random(3);
  for (const FormatWish wish : {FormatWish::fat32, FormatWish::exfat}) {
    const Volume made = make(medium.list(), {.format = wish, .table = Table::mbr, .report = "r"});
    const VolumeSource bytes(made, source);
    const std::string all = read_all(bytes);
    ASSERT_EQ(all.size(), made.size());
    VolumeReader reader(made);
    for (int i = 0; i < 3'000; ++i) {
      // Mostly where there is something.
      const std::uint64_t offset =
          i % 2 == 0 ? random() % made.size()
                     : std::min<std::uint64_t>(made.size() - 1,
                                               (std::uint64_t{5} << 20) + random() % 500'000);
      std::vector<std::byte> part(random() % 3'000 + 1);
      const auto got = reader.read(offset, part, source);
      ASSERT_TRUE(got);
      part.resize(*got);
      EXPECT_EQ(base::wire::as_text(part), std::string_view(all).substr(offset, part.size()));
    }
  }
}

TEST(ReleaseVolume, IsTheSameForTheSameFilesInAnyOrder) {
  Medium medium = small_medium();
  medium.add("SMALL.TXT", "other");
  medium.add("small.txt", "same path, other content");
  const MemorySource source = medium.source();
  std::mt19937 random(4);
  for (const FormatWish wish : {FormatWish::fat32, FormatWish::exfat}) {
    const VolumeOptions options{.format = wish, .report = "r", .time = 1'790'000'000};
    std::string first;
    ReleaseList list = medium.list();
    for (int round = 0; round < 3; ++round) {
      std::ranges::shuffle(list, random);
      const std::string all = read_all(VolumeSource(make(list, options), source));
      if (round == 0) first = all;
      EXPECT_TRUE(all == first);
    }
    // The serial number tells one release from another.
    list[0].modified += 10;
    const std::string other = read_all(VolumeSource(make(list, options), source));
    const std::size_t serial = wish == FormatWish::fat32 ? 67 : 100;
    EXPECT_NE(other.substr(serial, 4), first.substr(serial, 4));
  }
}

TEST(ReleaseVolume, IsTrulyFat32AtEverySize) {
  for (const std::uint64_t mebibytes : {0U, 16U, 31U, 64U, 200U, 700U, 3000U}) {
    ReleaseList list;
    for (std::uint64_t left = mebibytes; left > 0; left -= std::min<std::uint64_t>(left, 1000)) {
      list.push_back(zeros("f" + std::to_string(left), std::min<std::uint64_t>(left, 1000) << 20));
    }
    const Volume made = make(list);
    ASSERT_EQ(made.kind(), FileSystem::fat);
    const auto found = geometry(made);
    EXPECT_EQ(found.width, volume::fat::Width::fat32);
    EXPECT_GE(found.clusters, 65525U + 16);
    EXPECT_EQ(found.data + found.clusters * found.cluster, made.size());
    EXPECT_TRUE(own(made, no_medium).complete());
    // At most twice the content and what FAT32 asks for at least.
    EXPECT_LT(made.size(), (mebibytes << 20) * 5 / 4 + (std::uint64_t{40} << 20));
  }
}

TEST(ReleaseVolume, AFileOf4GibIsExfat) {
  constexpr std::uint64_t limit = 0xffffffff;
  EXPECT_EQ(make({zeros("a", limit)}).kind(), FileSystem::fat);
  EXPECT_EQ(make({zeros("a", limit + 1)}).kind(), FileSystem::exfat);
  const std::string why = refused({zeros("a", limit + 1)}, {.format = FormatWish::fat32});
  EXPECT_NE(why.find("4294967296 bytes"), std::string::npos) << why;
}

TEST(ReleaseVolume, AFolderOfTooManyLongNamesIsExfat) {
  ReleaseList list;
  for (int i = 0; i < 5'000; ++i) {
    list.push_back(zeros("d/" + std::string(170, 'n') + std::to_string(i), 1));
  }
  EXPECT_EQ(make(list).kind(), FileSystem::exfat);
  const std::string why = refused(list, {.format = FormatWish::fat32});
  EXPECT_NE(why.find("5000 entries"), std::string::npos) << why;
  EXPECT_TRUE(own(make(list), no_medium).complete());
}

TEST(ReleaseVolume, HugeVolumesArePlannedWithoutTheirBytes) {
  constexpr std::uint64_t tebibyte = std::uint64_t{1} << 40;
  for (const std::uint64_t size : {tebibyte, 3 * tebibyte, max_content_bytes}) {
    const Volume made = make({zeros("a", size)});
    EXPECT_EQ(made.kind(), FileSystem::exfat);
    const auto found = geometry(made);
    EXPECT_LE(found.cluster, std::uint64_t{32} << 20);
    EXPECT_LT(made.size() - size, size / 1000);
    const auto listing = own(made, no_medium);
    EXPECT_TRUE(listing.complete());
    ASSERT_NE(entry_of(listing, "a"), nullptr);
    EXPECT_EQ(entry_of(listing, "a")->size, size);
  }
  const std::string why = refused({zeros("a", 3 * tebibyte)}, {.table = Table::mbr});
  EXPECT_NE(why.find("2 TiB"), std::string::npos) << why;
}

TEST(ReleaseVolume, ListsThatDoNotAddUpAreRefused) {
  ReleaseList list{zeros("a", 10)};
  list[0].size = 11;
  EXPECT_NE(refused(list).find("'a'"), std::string::npos);
  list[0].size = max_content_bytes + 1;
  list[0].extents[0].where.length = list[0].size;
  EXPECT_NE(refused(list).find("'a'"), std::string::npos);
  EXPECT_NE(refused({}, {.report = std::string(max_report_text + 1, 'x')}), "");
}

TEST(ReleaseVolume, AVolumeLargerThanAllowedIsRefused) {
  const std::uint64_t size = make({zeros("a", 10)}).size();
  EXPECT_EQ(refused({zeros("a", 10)}, {.largest = size}), "");
  const std::string why = refused({zeros("a", 10)}, {.largest = size - 1});
  EXPECT_NE(why.find("would have " + std::to_string(size) + " bytes"), std::string::npos) << why;
}

// Nothing that the medium chose lies where programs look for signatures.
TEST(ReleaseVolume, ContentKeepsAwayFromBothEnds) {
  Medium medium;
  medium.add("a", std::string(3'000'000, 'M'));
  const MemorySource source = medium.source();
  for (const FormatWish wish : {FormatWish::fat32, FormatWish::exfat}) {
    const Volume made = make(medium.list(), {.format = wish});
    const std::string all = read_all(VolumeSource(made, source));
    EXPECT_GE(all.find("MMMM"), lead);
    EXPECT_LE(all.rfind("MMMM"), all.size() - tail);
    EXPECT_EQ(all.substr(all.size() - tail), std::string(tail, '\0'));
    const auto looks =
        volume::recognise(VolumeSource(made, source), {.offset = 0, .length = made.size()});
    EXPECT_EQ(looks.kinds, std::vector<FileSystem>{made.kind()});
  }
}

TEST(ReleaseVolume, TheSecondCopiesAreTheFirst) {
  const Medium medium = small_medium();
  const MemorySource source = medium.source();
  const Volume fat = make(medium.list(), {.format = FormatWish::fat32});
  const std::string all = read_all(VolumeSource(fat, source));
  EXPECT_EQ(all.substr(0, 1024), all.substr(6 * 512, 1024));
  const auto where = geometry(fat);
  EXPECT_TRUE(all.substr(where.table, where.table_length) ==
              all.substr(where.table + where.table_length, where.table_length));
  const Volume exfat = make(medium.list(), {.format = FormatWish::exfat});
  const std::string other = read_all(VolumeSource(exfat, source));
  EXPECT_EQ(other.substr(0, 12 * 512), other.substr(12 * 512, 12 * 512));
}

TEST(ReleaseVolume, TimesThatFatCannotWriteBecomeTheNearest) {
  EXPECT_EQ(dos_time(0).date, 1U << 5U | 1U);
  EXPECT_EQ(dos_time(std::numeric_limits<std::int64_t>::min()).date, 1U << 5U | 1U);
  EXPECT_EQ(dos_time(std::numeric_limits<std::int64_t>::max()).date, 127U << 9U | 12U << 5U | 31U);
  // date -u -d @1790000001: 2026-09-21 14:13:21
  const DosTime time = dos_time(1'790'000'001);
  EXPECT_EQ(time.date, 46U << 9U | 9U << 5U | 21U);
  EXPECT_EQ(time.time, 14U << 11U | 13U << 5U | 10U);
  EXPECT_EQ(time.hundredths, 100U);
}

// As a driver unpacks it.
TEST(ExfatUpcase, TheTableIsWhatItWasMadeFrom) {
  const auto table = exfat_upcase_table();
  base::wire::Reader in(table);
  std::u16string capitals;
  while (!in.done() && in.ok()) {
    const std::uint16_t value = in.u16();
    if (value != 0xffff) {
      capitals += static_cast<char16_t>(value);
      continue;
    }
    for (std::uint16_t count = in.u16(); count > 0; --count) {
      capitals += static_cast<char16_t>(capitals.size());
    }
  }
  EXPECT_TRUE(capitals == exfat_capitals());
  EXPECT_EQ(exfat_capitals()[u'z'], u'Z');
  EXPECT_EQ(exfat_capitals()[0xe4], 0xc4);
  EXPECT_EQ(exfat_capitals()[0x3c9], 0x3a9);  // not the sign for ohm
  EXPECT_EQ(exfat_capitals()[0xdf], 0xdf);
}

}  // namespace
}  // namespace tests
