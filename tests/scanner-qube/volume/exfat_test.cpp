// SPDX-License-Identifier: GPL-2.0-or-later
// exFAT by both readers.
#include <gtest/gtest.h>

#include "base/wire/writer.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::volume;

// mkfs leaves an exFAT volume empty and nothing but a kernel fills it: records are put there here.
class ExfatVolume {
 public:
  explicit ExfatVolume(const Folder& folder) : image_(exfat_image(folder)), bytes_(slurp(image_)) {
    base::wire::Reader in(base::wire::as_bytes(std::string_view(bytes_).substr(80)));
    table_ = in.u32() * 512ULL;
    in.u32();
    heap_ = in.u32() * 512ULL;
    in.u32();
    root_ = in.u32();
    in.take(9);
    cluster_ = 512ULL << in.u8();
    at_ = offset(root_);
    while (bytes_[static_cast<std::size_t>(at_)] != 0) at_ += 32;
  }
  std::uint64_t offset(std::uint32_t cluster) const { return heap_ + (cluster - 2) * cluster_; }
  std::uint64_t cluster() const { return cluster_; }
  std::uint32_t root() const { return root_; }

  void add(const std::string& name, std::uint32_t first, std::uint64_t size, bool folder) {
    std::vector<std::byte> set;
    base::wire::Writer out(set);
    const std::size_t names = (name.size() + 14) / 15;
    out.u8(0x85).u8(static_cast<std::uint8_t>(1 + names)).u16(0);
    out.u16(folder ? 0x10 : 0x20).u16(0);
    for (int i = 0; i < 3; ++i) out.u32(times_);  // made, changed, used
    out.zeros(12);
    out.u8(0xc0).u8(3).u8(0).u8(static_cast<std::uint8_t>(name.size())).u32(0).u64(size).u32(0);
    out.u32(first).u64(size);
    for (std::size_t i = 0; i < names; ++i) {
      out.u8(0xc1).u8(0);
      for (std::size_t k = i * 15; k < i * 15 + 15; ++k) {
        out.u16(k < name.size() ? static_cast<std::uint8_t>(name[k]) : 0);
      }
    }
    unsigned sum = 0;
    for (std::size_t i = 0; i < set.size(); ++i) {
      if (i == 2 || i == 3) continue;
      sum = (((sum & 1U) << 15) + (sum >> 1) + std::to_integer<unsigned>(set[i])) & 0xffffU;
    }
    set[2] = static_cast<std::byte>(sum & 0xffU);
    set[3] = static_cast<std::byte>(sum >> 8);
    put(at_, std::string(base::wire::as_text(set)));
    at_ += set.size();
  }
  void without_times() { times_ = 0; }
  void put(std::uint64_t at, const std::string& what) {
    bytes_.replace(static_cast<std::size_t>(at), what.size(), what);
    poke(image_, at, what);
  }
  const std::string& image() const { return image_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string image_;
  std::string bytes_;
  std::uint64_t table_ = 0;
  std::uint64_t heap_ = 0;
  std::uint64_t cluster_ = 0;
  std::uint64_t at_ = 0;
  std::uint32_t root_ = 0;
  std::uint32_t times_ = 0x5a210000;  // 1 January 2025
};

TEST(Exfat, BothReadersSeeTheSameFiles) {
  const Folder folder;
  ExfatVolume volume(folder);
  const std::string content = random_bytes(10'000, 9);
  volume.put(volume.offset(100), content);
  volume.add("a rather long name.bin", 100, content.size(), false);
  volume.add("empty", 0, 0, false);
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
  volume.add("hidden.exe", 100, 10'000, false);
  const Report report = look(volume.image());
  EXPECT_EQ(find(report, "hidden.exe"), nullptr);
  EXPECT_TRUE(has(report, Concern::difference, "'hidden.exe' is seen by the second reader only"));
  EXPECT_FALSE(report.complete());
}

TEST(Exfat, DamageIsFound) {
  const Folder folder;
  ExfatVolume volume(folder);
  volume.add("one", 100, volume.cluster() * 2, false);
  volume.add("two", 101, volume.cluster(), false);
  volume.add("three", 50, ~0ULL, false);
  volume.add("four", volume.root(), volume.cluster(), true);
  const Listing own = own_listing(volume.bytes(), FileSystem::exfat);
  EXPECT_TRUE(has(own.findings, Concern::chain_damaged, "'two': its clusters belong to another"));
  EXPECT_TRUE(has(own.findings, Concern::chain_damaged, "'three'"));
  ASSERT_NE(entry_of(own, "four"), nullptr);
  EXPECT_EQ(entry_of(own, "four")->reason, Reason::loop);
  EXPECT_FALSE(look(volume.image()).complete());
}

}  // namespace
}  // namespace tests
