// SPDX-License-Identifier: GPL-2.0-or-later
// Media made by the usual tools, read by libtsk and scanned by libclamav, each in its workers.
#include "scanner-qube/scan/io/scan_medium.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <fstream>

#include "base/io/files.hpp"
#include "scanner-qube/engine/io/clamav_engine.hpp"
#include "scanner-qube/scan/io/report_output.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scannerqube {
namespace {

namespace fs = std::filesystem;
using tests::samples::eicar;

class ScanMedium : public testing::Test {
 protected:
  ScanMedium() {
    tests::samples::write_signatures(root() / "db");
    fs::create_directory(root() / "load");
    auto engine = io::ClamavEngine::load(
        {.databases = {root() / "db"}, .limits = {}, .temporary = root() / "load"});
    if (engine) engine_ = std::move(*engine);
  }
  fs::path root() const { return folder_.path(); }
  std::string put(const std::string& name, const std::string& content) {
    const fs::path path = root() / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  MediumReport scan(const volume::ForkableSource& source,
                    volume::Deleted deleted = volume::Deleted::leave_out) {
    fs::remove_all(root() / "workers");
    fs::create_directory(root() / "workers");
    io::ScanOptions options;
    options.deleted = deleted;
    options.pool.workers = 2;
    options.pool.folder = root() / "workers";
    auto report = io::scan_medium(source, *engine_, options);
    EXPECT_TRUE(report) << report.error().text;
    return report ? *report : MediumReport();
  }
  MediumReport scan(const std::string& image,
                    volume::Deleted deleted = volume::Deleted::leave_out) {
    const auto source = volume::FileSource::open(image);
    EXPECT_TRUE(source) << source.error().text;
    return scan(**source, deleted);
  }
  static bool found(const MediumReport& report, const std::string& path) {
    return io::as_lines(report).find(path + ": FOUND ") != std::string::npos;
  }

  const tests::Folder folder_;
  std::unique_ptr<io::ClamavEngine> engine_;
};

TEST_F(ScanMedium, AMediumOfHarmlessFilesIsClean) {
  for (const std::string& image : {tests::fat_image(folder_, 32), tests::exfat_image(folder_),
                                   tests::ntfs_image(folder_), tests::ext_image(folder_, "ext4")}) {
    SCOPED_TRACE(image);
    const MediumReport report = scan(image);
    EXPECT_EQ(report.verdict(), Verdict::clean) << io::as_lines(report);
    EXPECT_GE(report.files, 2U);
    EXPECT_EQ(report.clean_files, report.files);
  }
}

TEST_F(ScanMedium, TheTestFileIsFoundWhereverItLies) {
  const std::string file = put("eicar.com", eicar());
  tests::shell("cd " + root().string() + " && zip -q packed.zip eicar.com");
  const std::string fat = tests::fat_image(folder_, 16);
  tests::shell("mmd -i " + fat + " ::/sub && mcopy -i " + fat + " " + file +
               " ::/sub/ && mcopy -i " + fat + " " + (root() / "packed.zip").string() + " ::/");
  const MediumReport report = scan(fat);
  EXPECT_EQ(report.verdict(), Verdict::infected);
  EXPECT_EQ(report.infected_files, 2U) << io::as_lines(report);
  EXPECT_TRUE(found(report, "sub/eicar.com")) << io::as_lines(report);
  EXPECT_TRUE(found(report, "packed.zip")) << io::as_lines(report);
  ASSERT_FALSE(report.told.empty());

  // Where a mount does not show it.
  const std::string ntfs = tests::ntfs_image(folder_);
  tests::shell("ntfscp -f -q " + ntfs + " " + put("plain", "harmless") +
               " notes.txt && ntfscp -f -q -N hidden " + ntfs + " " + file + " notes.txt");
  EXPECT_TRUE(found(scan(ntfs), "notes.txt:hidden")) << io::as_lines(scan(ntfs));
}

TEST_F(ScanMedium, ADeletedFileIsFoundWhenItIsAskedFor) {
  const std::string fat = tests::fat_image(folder_, 16);
  tests::shell("mcopy -i " + fat + " " + put("eicar.com", eicar()) + " ::/ && mdel -i " + fat +
               " ::/eicar.com");
  EXPECT_EQ(scan(fat).verdict(), Verdict::clean);
  const MediumReport report = scan(fat, volume::Deleted::include);
  EXPECT_EQ(report.verdict(), Verdict::infected) << io::as_lines(report);
  EXPECT_NE(io::as_lines(report).find("(deleted)"), std::string::npos);
}

TEST_F(ScanMedium, WhatCannotBeReadIsNeverClean) {
  const std::string fat = tests::fat_image(folder_, 32);
  volume::Extent where;
  const auto look = tests::look(fat);
  for (const auto& [path, content] : tests::sample_files()) {
    const volume::Entry* entry = tests::find(look, path);
    if (entry != nullptr && !entry->extents.empty()) where = entry->extents.front();
  }
  ASSERT_GT(where.where.length, 0U);
  const tests::OddSource source(fat, where.where, [] { return false; });
  const MediumReport report = scan(source);
  EXPECT_EQ(report.verdict(), Verdict::incomplete) << io::as_lines(report);
  EXPECT_GE(report.incomplete_files, 1U) << io::as_lines(report);
  EXPECT_NE(io::as_lines(report).find("unreadable at byte"), std::string::npos);

  fs::resize_file(fat, fs::file_size(fat) / 2);
  EXPECT_NE(scan(fat).verdict(), Verdict::clean);
  EXPECT_EQ(scan(put("noise", tests::random_bytes(1 << 20, 7))).verdict(), Verdict::incomplete);
}

TEST_F(ScanMedium, TheProgramSaysItInItsExitStatus) {
  const std::string fat = tests::fat_image(folder_, 16);
  const auto run = [this](const std::string& words) {
    const std::string command = std::string(SALLYPORT_BINARY_DIR) + "/bin/sallyport-scan-image " +
                                words + " > " + (root() / "out").string() + " 2>&1";
    const int status = std::system(command.c_str());  // NOLINT(cert-env33-c): the test's own words
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  const auto said = [this] { return *base::io::read_file(root() / "out", 1U << 20U); };
  const std::string with = " --database " + (root() / "db").string();
  EXPECT_EQ(run(fat + with), 0) << said();
  EXPECT_NE(said().find("verdict: clean\n"), std::string::npos) << said();
  tests::shell("mcopy -i " + fat + " " + put("eicar.com", eicar()) + " ::/");
  EXPECT_EQ(run(fat + with + " --json"), 1) << said();
  EXPECT_NE(
      said().find(R"("sha256":"275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f")"),
      std::string::npos)
      << said();
  EXPECT_EQ(run(put("noise", tests::random_bytes(1 << 20, 7)) + with), 3) << said();
  EXPECT_EQ(run(fat), 2);
  EXPECT_EQ(run(fat + " --database /nonexistent"), 2);
  EXPECT_NE(said().find("/nonexistent"), std::string::npos) << said();
  EXPECT_EQ(run("/nonexistent" + with), 2);
}

}  // namespace
}  // namespace scannerqube
