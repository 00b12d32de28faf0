// SPDX-License-Identifier: GPL-2.0-or-later
// The request for a device of the kernel's nbd, and the names of such devices in /dev. The kernel's
// part is tested with a real one (tests/one-vm/block_attach_test.cpp).
#include <gtest/gtest.h>

#include <fstream>

#include "agent/devices/nbd_links.hpp"
#include "agent/devices/nbd_progress.hpp"
#include "agent/devices/nbd_request.hpp"
#include "base/io/files.hpp"
#include "tests/fakes/folder.hpp"

namespace agent::devices {
namespace {

namespace fs = std::filesystem;

NbdRequest example() {
  return {.size = 33'554'432,
          .sector_size = 512,
          .flags = nbd_flag::read_only | nbd_flag::flush,
          .name = "xvdi"};
}

TEST(NbdRequestTest, IsExactlyItsBytes) {
  const auto wire = encode_nbd_request(example());
  ASSERT_EQ(wire.size(), nbd_request_size);
  const std::array<unsigned, nbd_request_size> expected{6, 0, 0,   0,   0,   2,   0, 0, 3, 0, 0,
                                                        0, 0, 0,   0,   0,   0,   0, 0, 2, 0, 0,
                                                        0, 0, 'x', 'v', 'd', 'i', 0, 0, 0, 0};
  for (std::size_t i = 0; i < wire.size(); ++i) {
    EXPECT_EQ(std::to_integer<unsigned>(wire[i]), expected.at(i)) << i;
  }
  EXPECT_EQ(parse_nbd_request(wire), example());
  for (std::size_t length = 0; length < wire.size(); ++length) {
    EXPECT_EQ(parse_nbd_request(std::span(wire).first(length)), std::nullopt) << length;
  }
  auto longer = wire;
  longer.push_back(std::byte{0});
  EXPECT_EQ(parse_nbd_request(longer), std::nullopt);
}

TEST(NbdRequestTest, EveryFieldHasItsRange) {
  const auto refused = [](auto change) {
    NbdRequest request = example();
    change(request);
    return !parse_nbd_request(encode_nbd_request(request));
  };
  EXPECT_TRUE(refused([](auto& r) { r.size = 511; }));
  EXPECT_TRUE(refused([](auto& r) { r.size = std::uint64_t{1} << 63U; }));
  EXPECT_TRUE(refused([](auto& r) { r.sector_size = 256; }));
  EXPECT_TRUE(refused([](auto& r) { r.sector_size = 1000; }));
  EXPECT_TRUE(refused([](auto& r) { r.sector_size = 8192; }));
  EXPECT_TRUE(refused([](auto& r) { r.flags = nbd_flag::all + 1; }));
  for (const char* name : {"", "xvd", "sd", "sda1", "xvdaaa", "../sda", "nbd0", "SDA"}) {
    EXPECT_TRUE(refused([name](auto& r) { r.name = name; })) << name;
  }
  auto wire = encode_nbd_request(example());
  wire[12] = std::byte{1};
  EXPECT_FALSE(parse_nbd_request(wire)) << "the reserved field";
  wire = encode_nbd_request(example());
  wire.back() = std::byte{'x'};
  EXPECT_FALSE(parse_nbd_request(wire)) << "something behind the name";
}

class NbdLinksTest : public testing::Test {
 protected:
  NbdLinksTest() {
    fs::create_directories(dev_);
    fs::create_directories(sysfs_ / "nbd3");
  }
  std::string link(const std::string& name) {
    std::error_code error;
    return fs::read_symlink(dev_ / name, error).string();
  }
  void partition(const std::string& name) { fs::create_directories(sysfs_ / "nbd3" / name); }

  const tests::Folder folder_;
  fs::path dev_ = folder_.path() / "dev";
  fs::path sysfs_ = folder_.path() / "sys";
};

TEST_F(NbdLinksTest, FollowThePartitionsAndGoWithTheAttachment) {
  {
    NbdLinks links(dev_, sysfs_, "xvdi", 3);
    EXPECT_EQ(link("xvdi"), "nbd3");
    partition("nbd3p1");
    partition("nbd3p12");
    partition("nbd3px");
    links.update();
    EXPECT_EQ(link("xvdi1"), "nbd3p1");
    EXPECT_EQ(link("xvdi12"), "nbd3p12");
    fs::remove(sysfs_ / "nbd3/nbd3p1");
    links.update();
    EXPECT_EQ(link("xvdi1"), "");
    NbdLinks moved(std::move(links));
    EXPECT_EQ(link("xvdi"), "nbd3");
  }
  EXPECT_TRUE(fs::is_empty(dev_));
}

TEST_F(NbdLinksTest, TellTheKernelHowFarToReadAhead) {
  const NbdLinks links(dev_, sysfs_, "xvdi", 3);
  links.lengthen(2048, 1024);  // there are no such files, and none is made
  EXPECT_FALSE(fs::exists(sysfs_ / "nbd3/queue"));
  fs::create_directories(sysfs_ / "nbd3/queue");
  std::ofstream(sysfs_ / "nbd3/queue/read_ahead_kb") << "128\n";
  std::ofstream(sysfs_ / "nbd3/queue/max_sectors_kb") << "128\n";
  links.lengthen(2048, 1024);
  EXPECT_EQ(base::io::read_attribute(sysfs_ / "nbd3/queue/read_ahead_kb").substr(0, 4), "2048");
  EXPECT_EQ(base::io::read_attribute(sysfs_ / "nbd3/queue/max_sectors_kb").substr(0, 4), "1024");
}

TEST_F(NbdLinksTest, NothingThatStandsThereIsReplaced) {
  std::ofstream(dev_ / "xvdi1") << "precious";
  fs::create_symlink("nowhere", dev_ / "xvdj");
  EXPECT_TRUE(NbdLinks::is_free(dev_, "xvdi"));
  EXPECT_FALSE(NbdLinks::is_free(dev_, "xvdi1"));
  EXPECT_FALSE(NbdLinks::is_free(dev_, "xvdj")) << "a link that leads nowhere is one";
  partition("nbd3p1");
  { const NbdLinks links(dev_, sysfs_, "xvdi", 3); }
  EXPECT_EQ(fs::file_size(dev_ / "xvdi1"), 8U);
}

TEST_F(NbdLinksTest, WhatADeadHelperLeftIsFoundAndTakenAway) {
  std::ofstream(sysfs_ / "nbd3/backend") << "sallyport xvdi\n";
  fs::create_directories(sysfs_ / "nbd4");
  std::ofstream(sysfs_ / "nbd4/backend") << "somebody else's\n";
  fs::create_directories(sysfs_ / "nbd5");
  std::ofstream(sysfs_ / "nbd5/backend") << "sallyport ../../etc\n";
  const auto left = find_left_behind(sysfs_);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().index, 3U);
  EXPECT_EQ(left.front().name, "xvdi");
  fs::create_symlink("nbd3", dev_ / "xvdi");
  fs::create_symlink("nbd3p1", dev_ / "xvdi1");
  fs::create_symlink("nbd7", dev_ / "xvdia");
  NbdLinks::remove(dev_, "xvdi", 3);
  EXPECT_EQ(link("xvdi") + link("xvdi1"), "");
  EXPECT_EQ(link("xvdia"), "nbd7");
}

constexpr const char* idle = "     10  0  80  5  3  0  24  1  0  6  6  0  0  0  0  2  1";
constexpr const char* waits = "     10  0  80  5  3  0  24  1  4  6  6  0  0  0  0  2  1";
constexpr const char* one_read_more = "     11  0  88  5  3  0  24  1  4  6  6  0  0  0  0  2  1";
constexpr const char* one_flush_more = "     11  0  88  5  3  0  24  1  4  6  6  0  0  0  0  3  1";

TEST(NbdProgressTest, HangsWhenWhatIsUnderWayDoesNotEnd) {
  using std::chrono::seconds;
  const NbdProgress::Clock::time_point start{seconds(1000)};
  const auto patience = NbdProgress::patience;
  NbdProgress progress;
  EXPECT_FALSE(progress.hangs(idle, start));
  EXPECT_FALSE(progress.hangs(idle, start + patience * 3)) << "nothing is under way";
  auto now = start + patience * 3;
  for (const char* each : {one_read_more, one_flush_more, waits}) {
    EXPECT_FALSE(progress.hangs(each, now)) << each;
    now += patience - seconds(1);
    EXPECT_FALSE(progress.hangs(each, now)) << each;
  }
  EXPECT_TRUE(progress.hangs(waits, now + seconds(1)));
  EXPECT_FALSE(progress.hangs("", now + patience * 2)) << "the device has gone";
  EXPECT_FALSE(progress.hangs("  1 2", now + patience * 4));
}

}  // namespace
}  // namespace agent::devices
