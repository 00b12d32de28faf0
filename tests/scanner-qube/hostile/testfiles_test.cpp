// SPDX-License-Identifier: GPL-2.0-or-later
// Every file of clamav-testfiles in every file system, on every partition scheme, in streams of
// NTFS, and deleted.
#include <algorithm>
#include <cstdlib>

#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/rig.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

namespace fs = std::filesystem;
using scannerqube::MediumReport;
using scannerqube::Verdict;

// All but one, whose sample is found only with signatures that Debian does not ship
// (clamav_engine_test.cpp).
const char* const testfiles = "/usr/share/clamav-testfiles";
const char* const without_signature = "clam_cache_emax.tgz";

Files test_files() {
  Files files{{"eicar.com", samples::eicar()}};
  for (const auto& entry : fs::directory_iterator(testfiles)) {
    const std::string name = entry.path().filename().string();
    if (name != without_signature) files.emplace(name, slurp(entry.path().string()));
  }
  return files;
}

// As many at once as the volume's tools, or our own, put into it.
std::vector<Files> groups_for(Form form) {
  const bool small = form == Form::fat12 || form == Form::hfs_plus;
  const std::size_t most_files = form == Form::exfat ? 30 : small ? 8 : 1000;
  const std::size_t most_bytes = small ? 500'000 : std::size_t{1} << 30U;
  const Files all = test_files();
  std::vector<Files> groups;
  std::size_t size = 0;
  for (const auto& file : all) {
    const bool fits = size + file.second.size() <= most_bytes;
    if (groups.empty() || !fits || groups.back().size() == most_files) {
      groups.emplace_back();
      size = 0;
    }
    groups.back().insert(file);
    size += file.second.size();
  }
  return groups;
}

// An MBR, a logical partition in one, a GPT. SALLYPORT_SOAK=1: each for each file system; else they
// take turns.
std::vector<const char*> schemes_of(Form form) {
  constexpr std::array all{"echo 2048,SECTORS,c | sfdisk -q IMAGE",
                           "printf '1024,,5\\n2048,SECTORS,83\\n' | sfdisk -q -f IMAGE",
                           "sgdisk -n 1:2048:LAST IMAGE"};
  if (std::getenv("SALLYPORT_SOAK") != nullptr) return {all.begin(), all.end()};
  return {all.at(static_cast<std::size_t>(form) % all.size())};
}

class Testfiles : public ScanRig {
 protected:
  // Each of them is infected, by its own name or one that its file system makes of it.
  void all_found(const std::string& image, std::ptrdiff_t count, const std::string& what) {
    const MediumReport report = scan(image);
    // NTFS keeps a small file in its table, which is listed as a file too.
    const auto of_its_own = [](const scannerqube::ScannedFile& file) {
      return file.result.verdict() == Verdict::infected && !file.path.starts_with('$');
    };
    EXPECT_EQ(std::ranges::count_if(report.told, of_its_own), count)
        << what << "\n"
        << scannerqube::report::as_lines(report);
    EXPECT_EQ(report.verdict(), Verdict::infected);
  }
  // A disk with `volume` in a partition that `command` makes; IMAGE stands for its path.
  std::string partitioned(const std::string& volume, std::string command) {
    const std::string disk = (path() / "disk.img").string();
    const std::uint64_t size = fs::file_size(volume);
    fs::remove(disk);
    shell("truncate -s " + std::to_string(size + (4U << 20U)) + " " + disk);
    const auto replace = [&command](const std::string& word, const std::string& with) {
      for (auto at = command.find(word); at != std::string::npos; at = command.find(word)) {
        command.replace(at, word.size(), with);
      }
    };
    replace("IMAGE", disk);
    replace("SECTORS", std::to_string((size + 511) / 512));
    replace("LAST", std::to_string(2048 + (size + 511) / 512 - 1));
    shell(command + "; dd if=" + volume + " of=" + disk + " bs=512 seek=2048 conv=notrunc,sparse");
    return disk;
  }
};

TEST_F(Testfiles, AreFoundInEveryFileSystemOnEveryPartitionScheme) {
  ASSERT_GE(test_files().size(), 40U);
  options_.pool.workers = 2;
  for (const Form form : all_forms) {
    SCOPED_TRACE(name_of(form));
    std::size_t seen = 0;
    for (const Files& files : groups_for(form)) {
      const std::string volume = image_of(form, folder(), files);
      const auto count = static_cast<std::ptrdiff_t>(files.size());
      seen += files.size();
      all_found(volume, count, "whole");
      for (const char* scheme : schemes_of(form)) {
        all_found(partitioned(volume, scheme), count, scheme);
      }
    }
    EXPECT_EQ(seen, test_files().size());
  }
}

TEST_F(Testfiles, AreFoundInAlternateStreams) {
  const Files all = test_files();
  const std::string tree = tree_of(folder(), all);
  const std::string image = blank(folder(), "streams.img", 32);
  std::string command = "mkntfs -F -Q -q " + image;
  std::size_t index = 0;
  for (const auto& [name, content] : all) {
    // A few files with many streams.
    const std::string owner = "readme" + std::to_string(index % 5);
    if (index++ < 5) command += "; ntfscp -f -q " + image + " /etc/hostname " + owner;
    command += "; ntfscp -f -q -N " + name + " " + image + " " + tree + "/" + name + " " + owner;
  }
  shell(command);
  all_found(image, static_cast<std::ptrdiff_t>(all.size()), "streams");
}

TEST_F(Testfiles, AreFoundDeletedWhenAsked) {
  const std::string image = image_of(Form::fat16, folder(), test_files());
  shell("mdel -i " + image + " '::/*'");
  EXPECT_NE(scan(image).verdict(), Verdict::infected);
  options_.deleted = scannerqube::volume::Deleted::include;
  const MediumReport report = scan(image);
  EXPECT_EQ(report.infected_files, test_files().size()) << scannerqube::report::as_lines(report);
}

}  // namespace
}  // namespace tests::hostile
