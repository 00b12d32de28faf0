// SPDX-License-Identifier: GPL-2.0-or-later
// The writer in its own process, and files that have their name only once they are whole.
#include "scanner-qube/release/io/write_release.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io/files.hpp"
#include "tests/scanner-qube/release/media.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::release;
namespace volume = scannerqube::volume;
namespace fs = std::filesystem;

class WriteRelease : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }
  std::unique_ptr<volume::FileSource> medium(const Medium& of) const {
    write_file(at("medium"), read_all(of.source()));
    auto source = volume::FileSource::open(at("medium"));
    return source ? *std::move(source) : nullptr;
  }
  const Folder folder_;
};

Medium two_files() {
  Medium medium;
  medium.add("a", "first");
  medium.add("b", random_bytes(300'000, 1));
  return medium;
}

std::string encoded(const Medium& medium) {
  return std::string(base::wire::as_text(encode(medium.list())));
}

TEST_F(WriteRelease, TheFileHasItsNameAtTheEnd) {
  const Medium of = two_files();
  const auto source = medium(of);
  const std::string list = encoded(of);
  const auto target = ReleaseTarget::open(at("out"), Overwrite::no);
  ASSERT_TRUE(target) << target.error().text;
  const auto written = write_release(
      *source, *target,
      {.list = list, .root = {}, .options = {.report = "report\n"}, .note = [](std::size_t files) {
         return "# " + std::to_string(files) + " of them\n";
       }});
  ASSERT_TRUE(written) << written.error().text;
  EXPECT_EQ(written->files, 2U);
  EXPECT_FALSE(written->exfat);
  EXPECT_EQ(files(), 1U) << "the medium alone";
  ASSERT_TRUE(target->finish());
  EXPECT_EQ(fs::file_size(at("out")), written->bytes);
  EXPECT_EQ(complaints(at("out"), volume::FileSystem::fat), "");
  EXPECT_NE(slurp(at("out")).find("# 2 of them\n"), std::string::npos);
}

TEST_F(WriteRelease, WhatFailsLeavesNothing) {
  Medium of = two_files();
  const auto source = medium(of);
  of.list()[1].sha256[0] ^= std::byte{1};
  const std::string list = encoded(of);
  {
    const auto target = ReleaseTarget::open(at("out"), Overwrite::no);
    ASSERT_TRUE(target);
    const auto written = write_release(*source, *target, {.list = list, .root = {}});
    ASSERT_FALSE(written);
    EXPECT_NE(written.error().text.find("'b' has the SHA-256"), std::string::npos)
        << written.error().text;
    const auto bad = write_release(*source, *target, {.list = "SPRM", .root = {}});
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().text.find("behind file 0"), std::string::npos) << bad.error().text;
    const auto unproven =
        write_release(*source, *target, {.list = list, .root = base::hash::Digest{}});
    ASSERT_FALSE(unproven);
    EXPECT_NE(unproven.error().text.find("not the bytes that were scanned"), std::string::npos);
    const auto large =
        write_release(*source, *target,
                      {.list = list, .root = {}, .options = {.largest = std::uint64_t{1} << 20}});
    ASSERT_FALSE(large);
    EXPECT_NE(large.error().text.find("release less, or make room"), std::string::npos);
  }
  EXPECT_EQ(files(), 1U);
}

// The writer is killed in the middle, which it tells by what it has read.
TEST_F(WriteRelease, AWriterThatIsKilledIsAnErrorAndNoFile) {
  const Medium of = two_files();
  const auto source = medium(of);
  class Killing final : public volume::ForkableSource {
   public:
    explicit Killing(const volume::ForkableSource& from) : from_(from) {}
    std::uint64_t size() const override { return from_.size(); }
    base::Result<std::size_t, volume::ReadError> read(std::uint64_t,
                                                      std::span<std::byte>) const override {
      ::getppid();  // none of the calls that a writer may make: the kernel ends it
      return std::size_t{0};
    }
    std::vector<int> fds() const override { return from_.fds(); }
    std::vector<std::string> syscalls() const override { return from_.syscalls(); }

   private:
    const volume::ForkableSource& from_;
  } const killing(*source);
  const std::string list = encoded(of);
  const auto target = ReleaseTarget::open(at("out"), Overwrite::no);
  ASSERT_TRUE(target);
  const auto written = write_release(killing, *target, {.list = list, .root = {}});
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().text.find("ended before it was done, by signal 31"), std::string::npos)
      << written.error().text;
  EXPECT_EQ(files(), 1U);
}

TEST_F(WriteRelease, AFileThatCameMeanwhileIsNotWrittenOver) {
  const auto target = ReleaseTarget::open(at("out"), Overwrite::no);
  ASSERT_TRUE(target);
  write_file(at("out"), "mine");
  EXPECT_FALSE(target->finish());
  EXPECT_EQ(slurp(at("out")), "mine");
  EXPECT_FALSE(ReleaseTarget::open(at("out"), Overwrite::no));
  const auto meant = ReleaseTarget::open(at("out"), Overwrite::yes);
  ASSERT_TRUE(meant) << meant.error().text;
  EXPECT_EQ(slurp(at("out")), "mine") << "until it is whole";
  ASSERT_TRUE(meant->finish());
  EXPECT_EQ(slurp(at("out")), "");
  EXPECT_EQ(files(), 1U);
}

TEST_F(WriteRelease, APlaceThatIsNoneIsRefusedWithAReason) {
  const auto why = [](const std::string& path, Overwrite overwrite = Overwrite::no) {
    const auto target = ReleaseTarget::open(path, overwrite);
    return target ? std::string() : target.error().text;
  };
  EXPECT_NE(why(at("no/folder")).find("No such file"), std::string::npos);
  EXPECT_NE(why(folder_.path().string(), Overwrite::yes).find("neither a file nor"),
            std::string::npos);
  EXPECT_NE(why("/dev/null", Overwrite::yes).find("neither a file nor"), std::string::npos);
  EXPECT_NE(why(at("x") + "/").find("no name of a file"), std::string::npos) << why(at("x") + "/");
  EXPECT_NE(why("/proc/x"), "") << "no files are made there";
}

TEST(Released, IsReadAsItIsWrittenAndNothingElse) {
  for (const Released& each : {Released{.exfat = false, .bytes = 1, .files = 0},
                               Released{.exfat = true, .bytes = 1ULL << 40, .files = 500'000}}) {
    const std::string text = format_released(each);
    const auto again = parse_released(text);
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(format_released(*again), text);
    for (std::size_t size = 0; size + 1 < text.size(); ++size) {
      const auto shorter = parse_released(std::string_view(text).substr(0, size));
      EXPECT_TRUE(!shorter || format_released(*shorter) == text.substr(0, size));
    }
  }
  for (const char* text :
       {"done", "done ", "done ext4 1 1", "done fat32 1", "done fat32 01 1", "done fat32 1 1 ",
        "done fat32 -1 1", "done exfat 1 99999999999999999999", "failed fat32 1 1"}) {
    EXPECT_FALSE(parse_released(text)) << text;
  }
}

}  // namespace
}  // namespace tests
