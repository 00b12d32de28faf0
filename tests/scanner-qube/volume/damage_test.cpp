// SPDX-License-Identifier: GPL-2.0-or-later
// Hundreds of spoiled images of every file system: the parent survives, in bounded time, and what a
// reader could not make sense of is said.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::volume;
using Clock = std::chrono::steady_clock;

constexpr int images_each = SALLYPORT_SPOILED_IMAGES;

struct Spoiler {
  std::mt19937 random;

  // Structures: free space shows nothing, nor does the random content of files.
  std::vector<std::uint64_t> interesting(const std::string& bytes) const {
    std::vector<std::uint64_t> blocks;
    for (std::size_t at = 0; at + 512 <= bytes.size(); at += 512) {
      const std::set<char> different(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(at + 512));
      if (different.size() > 1 && different.size() < 150) blocks.push_back(at);
    }
    return blocks;
  }

  // A byte, a word of extreme value, or a block from elsewhere.
  std::string piece(const std::string& bytes, const std::vector<std::uint64_t>& blocks) {
    switch (random() % 4) {
      case 0:
        return std::string(1, static_cast<char>(random()));
      case 1:
        return {4, '\xff'};
      case 2:
        return std::string("\0\0\0\0\0\0\0\x80", 8);
      default:
        return bytes.substr(blocks[random() % blocks.size()], 64);
    }
  }
};

void read_a_little(const FileSystemReport& file_system, Worker& worker) {
  std::size_t count = 0;
  for (const Entry& entry : file_system.listing.entries) {
    if (entry.content == Content::none || entry.size == 0) continue;
    if (++count > 8) return;
    const auto piece = worker.read(entry.handle, 0, 4096);
    if (!piece) continue;
    EXPECT_LE(piece->size(), 4096U);
  }
}

void spoil_and_look(const std::string& image, unsigned seed) {
  const std::string bytes = slurp(image);
  Spoiler spoiler{.random = std::mt19937(seed)};
  const auto blocks = spoiler.interesting(bytes);
  ASSERT_FALSE(blocks.empty());
  int incomplete = 0;
  for (int i = 0; i < images_each; ++i) {
    std::vector<std::uint64_t> spoiled;
    const auto places = 1 + spoiler.random() % 12;
    for (unsigned k = 0; k < places; ++k) {
      const std::uint64_t at = blocks[spoiler.random() % blocks.size()] + spoiler.random() % 448;
      poke(image, at, spoiler.piece(bytes, blocks));
      spoiled.push_back(at);
    }
    const auto source = FileSource::open(image);
    ASSERT_TRUE(source);
    ExamineOptions options;
    options.limits.walk = std::chrono::seconds(5);
    options.limits.answer = std::chrono::seconds(5);
    options.listed = [](const PartReport&, FileSystemReport& file_system, Worker& worker,
                        const ForkableSource&) { read_a_little(file_system, worker); };
    const auto begin = Clock::now();
    const Report report = examine(**source, options);
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(60)) << i;
    if (!report.complete()) ++incomplete;
    for (const std::uint64_t at : spoiled) {
      poke(image, at, bytes.substr(at, std::min<std::size_t>(64, bytes.size() - at)));
    }
  }
  // Some of so much damage is seen in every file system; of a few images perhaps none.
  if (images_each >= 50) {
    EXPECT_GT(incomplete, 0);
  }
  EXPECT_EQ(sha256(slurp(image)), sha256(bytes));
}

TEST(Damage, Fat12) {
  const Folder folder;
  spoil_and_look(fat_image(folder, 12), 12);
}
TEST(Damage, Fat16) {
  const Folder folder;
  spoil_and_look(fat_image(folder, 16), 16);
}
TEST(Damage, Fat32) {
  const Folder folder;
  spoil_and_look(fat_image(folder, 32), 32);
}
TEST(Damage, Exfat) {
  const Folder folder;
  spoil_and_look(exfat_image(folder), 33);
}
TEST(Damage, Ntfs) {
  const Folder folder;
  spoil_and_look(ntfs_image(folder), 34);
}
TEST(Damage, Ext2) {
  const Folder folder;
  spoil_and_look(ext_image(folder, "ext2"), 2);
}
TEST(Damage, Ext4) {
  const Folder folder;
  spoil_and_look(ext_image(folder, "ext4"), 4);
}
TEST(Damage, Iso) {
  const Folder folder;
  spoil_and_look(iso_image(folder, "-J -R"), 5);
}

TEST(Damage, EveryTruncationOfAnIsoIsSaid) {
  const Folder folder;
  const std::string image = iso_image(folder, "-J -R");
  const auto size = slurp(image).size();
  for (int tenth = 9; tenth > 0; --tenth) {
    shell("truncate -s " + std::to_string(size / 10 * static_cast<unsigned>(tenth)) + " " + image);
    EXPECT_FALSE(look(image).complete()) << tenth;
  }
}

}  // namespace
}  // namespace tests
