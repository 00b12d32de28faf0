// SPDX-License-Identifier: GPL-2.0-or-later
// exFAT by both readers.
#include <gtest/gtest.h>

#include "tests/scanner-qube/volume/exfat_volume.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::volume;

TEST(Exfat, BothReadersSeeTheSameFiles) {
  const Folder folder;
  ExfatVolume volume(folder);
  const std::string content = random_bytes(10'000, 9);
  volume.put(volume.offset(100), content);
  volume.add("a rather long name.bin", 100, content.size());
  volume.add("empty", 0, 0);
  const Listing own = own_listing(volume.bytes(), FileSystem::exfat);
  EXPECT_TRUE(own.complete()) << own.findings.at(0).text;
  ASSERT_NE(entry_of(own, "a rather long name.bin"), nullptr);
  EXPECT_EQ(entry_of(own, "a rather long name.bin")->extents.at(0).where.offset,
            volume.offset(100));
  EXPECT_EQ(sha256(contents(volume.image())["a rather long name.bin"]), sha256(content));
  const Report report = look(volume.image());
  EXPECT_FALSE(has(report, Concern::difference))
      << report.parts[0].file_systems[0].listing.findings[0].text;
}

// libtsk takes a record without times for garbage; a driver has no need to look at them.
TEST(Exfat, AFileThatHidesFromLibtskIsADifference) {
  const Folder folder;
  ExfatVolume volume(folder);
  volume.without_times();
  volume.add("hidden.exe", 100, 10'000);
  const Report report = look(volume.image());
  EXPECT_EQ(find(report, "hidden.exe"), nullptr);
  EXPECT_TRUE(has(report, Concern::difference, "'hidden.exe' is seen by the second reader only"));
  EXPECT_FALSE(report.complete());
}

TEST(Exfat, DamageIsFound) {
  const Folder folder;
  ExfatVolume volume(folder);
  volume.add("one", 100, volume.cluster() * 2);
  volume.add("two", 101, volume.cluster());
  volume.add("three", 50, ~0ULL);
  volume.add("four", volume.root(), volume.cluster(), ExfatVolume::Is::folder);
  const Listing own = own_listing(volume.bytes(), FileSystem::exfat);
  EXPECT_TRUE(has(own.findings, Concern::chain_damaged, "'two': its clusters belong to another"));
  EXPECT_TRUE(has(own.findings, Concern::chain_damaged, "'three'"));
  ASSERT_NE(entry_of(own, "four"), nullptr);
  EXPECT_EQ(entry_of(own, "four")->reason, Reason::loop);
  EXPECT_FALSE(look(volume.image()).complete());
}

}  // namespace
}  // namespace tests
