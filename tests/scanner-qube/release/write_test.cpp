// SPDX-License-Identifier: GPL-2.0-or-later
// What the writer does when the medium is not what the list says, and the programs as people use
// them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/io/fd.hpp"
#include "scanner-qube/release/from_entry.hpp"
#include "tests/places.hpp"
#include "tests/scanner-qube/release/media.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::release;
namespace volume = scannerqube::volume;

Medium checked_medium() {
  Medium medium;
  medium.add("a", "first");
  medium.add("b", random_bytes(2'500'000, 1));
  medium.add("empty", "");
  medium.add_zeros("zeros", 2'000'000);
  return medium;
}

// Why nothing was written. The target is empty afterwards.
std::string failure(const Medium& medium, const volume::Source& source) {
  const Folder folder;
  const std::string path = (folder.path() / "out").string();
  write_file(path, "an old volume");
  const base::io::Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  const auto written = write_volume(make(medium.list()), source, fd);
  EXPECT_EQ(slurp(path), "");
  return written ? std::string("it was written") : written.error().text;
}

TEST(WriteVolume, AFileThatIsNotWhatTheListSaysFailsTheWhole) {
  Medium good = checked_medium();
  const std::string before = good.bytes();
  for (std::uint32_t i = 0; i < 2; ++i) {
    Medium medium = checked_medium();
    auto& byte = medium.bytes()[medium.list()[i].extents[0].where.offset + 3];
    byte = static_cast<char>(byte ^ 1);
    const std::string why = failure(medium, medium.source());
    EXPECT_NE(why.find("'" + good.list()[i].path + "' has the SHA-256"), std::string::npos) << why;
  }
  // One that has no bytes has a hash too; and zeros are hashed though they are not written.
  for (std::uint32_t i = 2; i < 4; ++i) {
    Medium medium = checked_medium();
    medium.list()[i].sha256[0] ^= std::byte{1};
    const std::string why = failure(medium, medium.source());
    EXPECT_NE(why.find("'" + good.list()[i].path + "' has the SHA-256"), std::string::npos) << why;
  }
}

TEST(WriteVolume, AReadErrorFailsTheWholeAndNamesTheFile) {
  const Folder folder;
  const Medium medium = checked_medium();
  const std::string image = (folder.path() / "medium").string();
  write_file(image, read_all(medium.source()));
  const volume::Range where = medium.list()[1].extents[0].where;
  const OddSource source(image, {.offset = where.offset + 2'000'000, .length = 1},
                         [] { return false; });
  const std::string why = failure(medium, source);
  EXPECT_NE(why.find("'b' cannot be read at byte"), std::string::npos) << why;
  EXPECT_NE(why.find("bad block"), std::string::npos) << why;
}

TEST(WriteVolume, AMediumThatEndsTooEarlyFailsTheWhole) {
  Medium medium = checked_medium();
  medium.bytes().resize(medium.list()[1].extents[0].where.offset + 100);
  const std::string why = failure(medium, medium.source());
  EXPECT_NE(why.find("'b' cannot be read"), std::string::npos) << why;
}

// Until all was checked, nobody takes what is there for a volume.
TEST(WriteVolume, TheFirstSectorsComeLast) {
  const Folder folder;
  const Medium medium = checked_medium();
  const std::string path = (folder.path() / "out").string();
  const std::string image = (folder.path() / "medium").string();
  write_file(image, read_all(medium.source()));
  const base::io::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  std::string seen;
  const volume::Range where = medium.list()[1].extents[0].where;
  const OddSource source(image, {.offset = where.end() - 1, .length = 1}, [&seen, &path] {
    seen = slurp(path);
    return true;
  });
  for (const FormatWish wish : {FormatWish::fat32, FormatWish::exfat}) {
    const Volume made = make(medium.list(), {.format = wish});
    ASSERT_TRUE(write_volume(made, source, fd));
    EXPECT_EQ(seen.substr(0, made.head()), std::string(made.head(), '\0'));
    EXPECT_NE(seen.find("first"), std::string::npos);  // content was there already
    EXPECT_EQ(slurp(path).substr(510, 2), "\x55\xaa");
  }
}

TEST(WriteVolume, OnlyFilesAndDevicesAreWrittenTo) {
  const Medium medium = checked_medium();
  auto pipe = base::io::pipe_pair();
  ASSERT_TRUE(pipe);
  const auto written = write_volume(make(medium.list()), medium.source(), pipe->second);
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().text.find("no regular file"), std::string::npos);
}

TEST(WriteVolume, ATargetThatCannotBeWrittenIsAnError) {
  const Folder folder;
  const Medium medium = checked_medium();
  const std::string path = (folder.path() / "out").string();
  write_file(path, "");
  const base::io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(write_volume(make(medium.list()), medium.source(), fd));
}

// From a stick as it is made everywhere to one made anew, by the programs.
class Programs : public testing::Test {
 protected:
  static std::string program(const std::string& name) {
    return places::build() + "/bin/" + name + " ";
  }
  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  int run(const std::string& command) const {
    const int status = std::system((command + " 2> " + at("err")).c_str());  // NOLINT
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const Folder folder_;
};

TEST_F(Programs, MakeAVolumeOfEveryFileOfAMedium) {
  for (const std::string& image : {fat_image(folder_, 16), ntfs_image(folder_),
                                   ext_image(folder_, "ext4"), iso_image(folder_, "-J")}) {
    // Streams, links and pipes are told and left out.
    const int listed = run(program("sallyport-release-list") + image + " > " + at("list"));
    EXPECT_TRUE(listed == 0 || listed == 1) << image << slurp(at("err"));
    ASSERT_EQ(run(program("sallyport-release-volume") + image + " " + at("list") + " --to " +
                  at("out") + " > " + at("said")),
              0)
        << slurp(at("err"));
    EXPECT_EQ(complaints(at("out"), volume::FileSystem::fat), "");
    // All that the same reader gives of the medium, but for streams and the file system's own.
    auto files = files_of(at("out"));
    std::size_t compared = 0;
    for (const auto& [path, content] : contents(image)) {
      if (path.find_first_of(":$") != std::string::npos) continue;
      EXPECT_TRUE(files.contains(path) && files[path] == content) << image << " " << path;
      ++compared;
    }
    EXPECT_GE(compared, 3U) << image;
    shell("rm " + at("out"));
  }
}

TEST_F(Programs, WriteNothingFromABadList) {
  const std::string image = fat_image(folder_, 16);
  ASSERT_EQ(run(program("sallyport-release-list") + image + " > " + at("list")), 0);
  const std::string list = slurp(at("list"));
  write_file(at("short"), list.substr(0, list.size() - 1));
  const std::string to = " --to " + at("out");
  EXPECT_EQ(run(program("sallyport-release-volume") + image + " " + at("short") + to), 1);
  EXPECT_NE(slurp(at("err")).find("it ends too early; nothing is released"), std::string::npos)
      << slurp(at("err"));
  EXPECT_FALSE(std::filesystem::exists(at("out")));
  // What is there already is not written over.
  write_file(at("out"), "mine");
  EXPECT_EQ(run(program("sallyport-release-volume") + image + " " + at("list") + to), 1);
  EXPECT_NE(slurp(at("err")).find("is there already"), std::string::npos) << slurp(at("err"));
  EXPECT_EQ(slurp(at("out")), "mine");
  EXPECT_EQ(run(program("sallyport-release-volume") + image), 2);
}

TEST(FromEntry, SaysWhatCannotBeReleased) {
  const std::string medium(100, 'm');
  const volume::MemorySource source(base::wire::as_bytes(medium));
  const auto why = [&source](const volume::Entry& entry) {
    const auto file = released_file(entry, source);
    return file ? std::string() : file.error().text;
  };
  volume::Entry entry{.path = "a", .size = 10, .content = volume::Content::extents};
  entry.extents = {{.where = {.offset = 0, .length = 10}}};
  EXPECT_EQ(why(entry), "");
  entry.extents[0].where.offset = 95;
  EXPECT_NE(why(entry).find("beyond the end"), std::string::npos);
  entry.extents[0].where.length = 9;
  EXPECT_NE(why(entry).find("does not add up"), std::string::npos);
  entry.content = volume::Content::through_read;
  entry.reason = volume::Reason::compressed;
  EXPECT_NE(why(entry).find("compressed"), std::string::npos);
  entry.kind = volume::Kind::directory;
  EXPECT_NE(why(entry).find("it is a"), std::string::npos);
}

}  // namespace
}  // namespace tests
