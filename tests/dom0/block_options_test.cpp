// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/block_options.hpp"

#include <gtest/gtest.h>

#include "base/device/snapshot_name.hpp"
#include "tests/dom0/block_devices.hpp"

namespace dom0 {
namespace {

using base::device::Properties;

std::string error_of(const Properties& given) {
  const auto options = check_block_options(given);
  return options ? "" : options.error().text;
}

TEST(BlockOptions, AreRefusedInQubesWords) {
  EXPECT_EQ(error_of({{"frontend-dev", "nvme0"}}), "Invalid frontend-dev option value: nvme0");
  EXPECT_EQ(error_of({{"frontend-dev", "xvd"}}), "Invalid frontend-dev option value: xvd");
  EXPECT_EQ(error_of({{"frontend-dev", "xvda/../sda"}}),
            "Invalid frontend-dev option value: xvda/../sda");
  EXPECT_EQ(error_of({{"devtype", "floppy"}}),
            "devtype option can only have 'disk' or 'cdrom' value");
  EXPECT_EQ(error_of({{"speed", "fast"}}), "Unsupported option speed");
  EXPECT_EQ(error_of({{"read-only", "maybe"}}), "Invalid read-only option value: maybe");
  EXPECT_EQ(*check_block_options({{"read-only", "True"}, {"frontend-dev", "sdz"}}),
            (Properties{{"read-only", "yes"}, {"frontend-dev", "sdz"}}));
}

TEST(BlockOptions, AreCompletedFromTheDevice) {
  EXPECT_EQ(*complete_block_options({}, test::disk(), {}),
            (Properties{{"read-only", "no"}, {"frontend-dev", "xvdi"}}));
  sysusb::BlockRecord locked = test::disk();
  locked.mode = sysusb::BlockMode::read_only;
  EXPECT_EQ(*complete_block_options({}, locked, {"xvdi"}),
            (Properties{{"read-only", "yes"}, {"frontend-dev", "xvdj"}}));
  EXPECT_EQ(complete_block_options({{"read-only", "no"}}, locked, {}).error().text,
            "This device can be attached only read-only");
  sysusb::BlockRecord disc = locked;
  disc.kind = sysusb::BlockKind::cdrom;
  EXPECT_EQ(*complete_block_options({}, disc, {}),
            (Properties{{"read-only", "yes"}, {"frontend-dev", "xvdd"}, {"devtype", "cdrom"}}));
}

TEST(BlockOptions, ADiscIsReadOnly) {
  EXPECT_EQ(*complete_block_options({{"devtype", "cdrom"}}, test::disk(), {}),
            (Properties{{"devtype", "cdrom"}, {"read-only", "yes"}, {"frontend-dev", "xvdi"}}));
  EXPECT_FALSE(
      complete_block_options({{"devtype", "cdrom"}, {"read-only", "no"}}, test::disk(), {}));
}

TEST(BlockOptions, NamesAreGivenOnce) {
  std::set<std::string> taken;
  std::vector<std::string> order;
  for (;;) {
    const auto options = complete_block_options({}, test::disk(), taken);
    if (!options) break;
    order.push_back(*base::device::find_property(*options, "frontend-dev"));
    ASSERT_TRUE(taken.insert(order.back()).second) << order.back();
  }
  ASSERT_EQ(order.size(), 18U + 26 * 26 + 8);
  EXPECT_EQ(order[0], "xvdi");
  EXPECT_EQ(order[17], "xvdz");
  EXPECT_EQ(order[18], "xvdaa");
  EXPECT_EQ(order[18 + 26 * 26 - 1], "xvdzz");
  EXPECT_EQ(order.back(), "xvdh");
  EXPECT_FALSE(complete_block_options({{"frontend-dev", "xvdi"}}, test::disk(), taken));
}

TEST(BlockOptions, TellTheServerToReadOnly) {
  EXPECT_EQ(server_words({{"read-only", "yes"}}), "read-only=yes");
  EXPECT_EQ(server_words({{"read-only", "no"}}), "");
  EXPECT_EQ(server_words({}), "");
}

TEST(BlockOptions, ASnapshotIsReadUnlessSomebodySaysMore) {
  EXPECT_EQ(*complete_block_options({}, test::disk(), {}, DefaultAccess::reads),
            (Properties{{"read-only", "yes"}, {"frontend-dev", "xvdi"}}));
  EXPECT_EQ(*complete_block_options({{"read-only", "no"}}, test::disk(), {}, DefaultAccess::reads),
            (Properties{{"read-only", "no"}, {"frontend-dev", "xvdi"}}));
  EXPECT_FALSE(complete_block_options({{"snapshot", "s"}}, test::disk(), {}).has_value());
}

TEST(BlockOptions, OfAQubeThatStoresSnapshots) {
  EXPECT_EQ(*complete_snapshot_options({}, "sda-1"),
            (Properties{{"read-only", "yes"}, {"snapshot", "sda-1"}}));
  EXPECT_EQ(*complete_snapshot_options({{"snapshot", "s"}, {"commit", "yes"}}, "sda-1"),
            (Properties{{"snapshot", "s"}, {"commit", "yes"}, {"read-only", "no"}}));
  for (const Properties& given :
       {Properties{{"commit", "yes"}}, Properties{{"read-only", "no"}},
        Properties{{"frontend-dev", "xvdi"}}, Properties{{"devtype", "cdrom"}},
        Properties{{"snapshot", "S"}}, Properties{{"snapshot", "../s"}},
        Properties{{"snapshot", std::string(32, 's')}}, Properties{{"fill", "fast"}},
        Properties{{"seal", "1"}},
        Properties{{"snapshot", "s"}, {"commit", "yes"}, {"read-only", "yes"}}}) {
    EXPECT_FALSE(complete_snapshot_options(given, "sda-1").has_value()) << given.front().key;
  }
  EXPECT_EQ(base::device::default_snapshot_name("sda1", 1764343812), "sda1-20251128-153012");
  EXPECT_EQ(base::device::default_snapshot_name(std::string(31, 'a'), 0),
            std::string(15, 'a') + "-19700101-000000");
}

}  // namespace
}  // namespace dom0
