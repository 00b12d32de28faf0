// SPDX-License-Identifier: GPL-2.0-or-later
// Written volumes under the checkers of the file systems' own tools, and read back by mtools, by
// libtsk and by our own reader.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/scanner-qube/release/media.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::release;
namespace volume = scannerqube::volume;
using volume::FileSystem;

class ReleaseContent : public testing::TestWithParam<FormatWish> {
 protected:
  // Written, checked, read back: exactly what the list says.
  std::string check(const Medium& medium, Table table = Table::none) {
    const Volume made = make(
        medium.list(),
        {.format = GetParam(), .table = table, .report = "the report\n", .time = 1'790'000'000});
    const volume::MemorySource source = medium.source();
    const std::string image = write(folder_, made, source);
    if (table == Table::none) {
      EXPECT_EQ(complaints(image, made.kind()), "");
    }
    const auto found = files_of(image);
    EXPECT_EQ(found.size(), medium.list().size());
    for (std::uint32_t i = 0; i < made.list().size(); ++i) {
      const auto file = found.find(made.new_path(i));
      if (file == found.end()) {
        ADD_FAILURE() << made.new_path(i) << " is missing";
        continue;
      }
      EXPECT_EQ(sha256(file->second), base::wire::as_text(made.list()[i].sha256))
          << made.new_path(i);
    }
    return image;
  }
  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(Formats, ReleaseContent,
                         testing::Values(FormatWish::fat32, FormatWish::exfat),
                         [](const auto& each) {
                           return each.param == FormatWish::fat32 ? "Fat32" : "Exfat";
                         });

TEST_P(ReleaseContent, NoFiles) { check(Medium()); }

TEST_P(ReleaseContent, OneFile) {
  Medium medium;
  medium.add("a.txt", "content\n");
  check(medium);
  check(medium, Table::mbr);
}

TEST_P(ReleaseContent, AllKindsOfContentAndSizesAroundAClustersEnd) {
  Medium medium;
  for (const std::size_t size : {1U, 511U, 512U, 513U, 4095U, 4096U, 4097U, 32768U, 32769U}) {
    medium.add("sizes/" + std::to_string(size), random_bytes(size, static_cast<unsigned>(size)));
  }
  medium.add("empty", "");
  medium.add("last and empty", "");
  medium.add_scattered("pieces", random_bytes(70'001, 5), 66'000);
  medium.add_zeros("zeros", 3'000'000);
  medium.add_resident("resident", "in the list");
  check(medium);
}

TEST_P(ReleaseContent, TenThousandSmallFiles) {
  Medium medium;
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "file number " + std::to_string(i) + ".txt";
    medium.add(i % 2 == 0 ? name : "folder " + std::to_string(i % 50) + "/" + name,
               std::to_string(i));
  }
  check(medium);
}

TEST_P(ReleaseContent, DeepTrees) {
  Medium medium;
  std::string path;
  for (int depth = 0; depth < 60; ++depth) {
    medium.add(path + "file", std::to_string(depth));
    path += "folder " + std::to_string(depth) + "/";
  }
  check(medium);
}

TEST_P(ReleaseContent, HostileNames) { check(hostile_medium()); }

TEST_P(ReleaseContent, ShortNamesThatWouldMeetAreToldApart) {
  Medium medium;
  for (int i = 0; i < 300; ++i) medium.add("longer name " + std::to_string(i) + ".txt", "x");
  for (int i = 0; i < 300; ++i) medium.add("LONGER~" + std::to_string(i) + ".TXT", "y");
  for (int i = 0; i < 30; ++i)
    medium.add(std::string(1, 'a') + std::string(static_cast<std::size_t>(i) + 1, '+'), "z");
  check(medium);
}

TEST_P(ReleaseContent, TheManifestIsWhatSha256sumChecks) {
  Medium medium;
  medium.add("folder/na\xc3\xafve.txt", "hello\n");
  medium.add("a\x1b[2J.txt", "renamed\n");
  medium.add("empty", "");
  medium.add_scattered("pieces", random_bytes(7'001, 5), 66);
  const std::string image = check(medium);
  const std::string out = (folder_.path() / "tree").string();
  ASSERT_EQ(::mkdir(out.c_str(), 0700), 0);
  const auto all = contents(image);
  ASSERT_EQ(::mkdir((out + "/folder").c_str(), 0700), 0);
  for (const auto& [path, content] : all) {
    if (!path.starts_with('$')) write_file(out + "/" + path, content);
  }
  shell("cd " + out + " && sha256sum --strict -c SALLYPORT-MANIFEST.TXT");
  const std::string manifest = all.at("SALLYPORT-MANIFEST.TXT");
  EXPECT_NE(manifest.find("# 8 bytes of 2023-11-14 22:13:20 UTC, RENAMED, was \"a\\x1b[2J.txt\"\n"),
            std::string::npos)
      << manifest;
  EXPECT_NE(manifest.find("  a_[2J.txt\n"), std::string::npos);
  EXPECT_NE(manifest.find("  SALLYPORT-REPORT.TXT\n"), std::string::npos);
  EXPECT_EQ(all.at("SALLYPORT-REPORT.TXT"), "the report\n");
}

TEST_P(ReleaseContent, TwoWritesAreTheSameBytes) {
  Medium medium;
  for (int i = 0; i < 50; ++i) medium.add("d/" + std::to_string(i), random_bytes(1'000, 1));
  EXPECT_TRUE(slurp(check(medium)) == slurp(check(medium)));
}

// That the checkers used here would notice.
TEST_P(ReleaseContent, TheCheckersSeeOneWrongByte) {
  Medium medium;
  medium.add("folder/a.txt", std::string(10'000, 'a'));
  medium.add("b.txt", "b");
  const Volume made = make(medium.list(), {.format = GetParam()});
  const bool fat = made.kind() == FileSystem::fat;
  const std::string sound = slurp(write(folder_, made, medium.source()));
  const auto sector_at = [&sound](std::size_t at) {
    return std::size_t{512} * base::wire::Reader(base::wire::as_bytes(sound).subspan(at)).u32();
  };
  const std::size_t fat_at =
      fat ? std::size_t{512} * (base::wire::Reader(base::wire::as_bytes(sound).subspan(14)).u16())
          : 0;
  // FAT: the count of free clusters, a link, the second boot sector. exFAT: what the boot region's
  // sum is of, a bit of the bitmap, the name of a folder's record.
  const std::vector<std::size_t> places =
      fat ? std::vector<std::size_t>{512 + 488, fat_at + 4 * 4, 6 * 512 + 67}
          : std::vector<std::size_t>{100, sector_at(88) + 1,
                                     sound.find(std::string("f\0o\0l\0d", 7))};
  for (const std::size_t place : places) {
    const std::string image = (folder_.path() / "wrong").string();
    write_file(image, sound);
    poke(image, place, std::string(1, static_cast<char>(sound[place] ^ 1)));
    EXPECT_NE(complaints(image, made.kind()), "") << place;
  }
}

TEST(ReleaseFat, MtoolsGivesBackTheTree) {
  const Folder folder;
  Medium medium;
  for (const auto& [path, content] : sample_files()) medium.add(path, content);
  const std::string image = write(folder, make(medium.list()), medium.source());
  const std::string out = (folder.path() / "tree").string();
  shell("mkdir " + out + "; mcopy -s -n -m -i " + image + " ::/ " + out);
  shell("cd " + out + " && sha256sum --strict -c SALLYPORT-MANIFEST.TXT");
  for (const auto& [path, content] : sample_files()) {
    EXPECT_TRUE(slurp(out + "/" + path) == content) << path;
    struct stat facts {};
    ASSERT_EQ(::stat((out + "/" + path).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mtime, 1'700'000'000);
  }
}

TEST(ReleaseFat, LargerClusters) {
  const Folder folder;
  Medium medium;
  medium.add("a", random_bytes(100'000, 1));
  medium.add_zeros("zeros", std::uint64_t{1} << 30);
  const Volume made = make(medium.list());
  EXPECT_EQ(complaints(write(folder, made, medium.source()), made.kind()), "");
}

TEST(ReleaseExfat, FourGibibytesAndAByte) {
  const Folder folder;
  Medium medium;
  constexpr std::uint64_t size = (std::uint64_t{4} << 30) + 1;
  medium.add_zeros("large", size);
  medium.add("behind it", "here\n");
  const Volume made = make(medium.list());
  ASSERT_EQ(made.kind(), FileSystem::exfat);
  const std::string image = write(folder, made, medium.source());
  EXPECT_EQ(complaints(image, made.kind()), "");
  struct stat facts {};
  ASSERT_EQ(::stat(image.c_str(), &facts), 0);
  EXPECT_GT(facts.st_size, static_cast<off_t>(size));
  EXPECT_LT(facts.st_blocks, 4'000);  // zeros are holes
  const volume::Report report = look(image);
  EXPECT_TRUE(report.complete());
  ASSERT_NE(find(report, "large"), nullptr);
  EXPECT_EQ(find(report, "large")->size, size);
  ASSERT_NE(find(report, "behind it"), nullptr);
  const auto where = find(report, "behind it")->extents.at(0).where;
  const auto source = volume::FileSource::open(image);
  ASSERT_TRUE(source);
  const auto bytes = volume::read_some(**source, where.offset, where.length);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(base::wire::as_text(*bytes), "here\n");
}

}  // namespace
}  // namespace tests
