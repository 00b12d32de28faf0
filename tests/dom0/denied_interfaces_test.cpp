// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/denied_interfaces.hpp"

#include <gtest/gtest.h>

namespace dom0 {
namespace {

TEST(DeniedInterfaces, AreReadInPiecesOfSevenAndInLowerCase) {
  const auto list = parse_interface_list("u0E****U030101*******");
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(*list, (std::vector<std::string>{"u0e****", "u030101", "*******"}));
  EXPECT_TRUE(parse_interface_list("")->empty());
}

TEST(DeniedInterfaces, EveryShorterListIsRefusedOrWhole) {
  const std::string whole = "u0e****u030101b******";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(parse_interface_list(whole.substr(0, size)).has_value(), size % 7 == 0) << size;
  }
  for (const char* bad : {"x0e****", "u0g****", "u0e***\n", "u0e*** ", "0e*****"}) {
    EXPECT_FALSE(parse_interface_list(bad).has_value()) << bad;
  }
  const std::string most(7 * max_denied_interfaces, '*');
  EXPECT_TRUE(parse_interface_list(most).has_value());
  EXPECT_FALSE(parse_interface_list(most + "*******").has_value());
}

TEST(DeniedInterfaces, AreWrittenSortedAndOnce) {
  EXPECT_EQ(format_interface_list({"u030101", "b******", "u030101"}), "b******u030101");
}

TEST(DeniedInterfaces, OneOfADevicesIsEnough) {
  sysusb::DeviceRecord record;
  record.interfaces = {{8, 6, 0x50}, {0x0e, 1, 0}};
  EXPECT_EQ(denied_interface("", record), "");
  EXPECT_EQ(denied_interface("u030101", record), "");
  EXPECT_EQ(denied_interface("b******", record), "");
  EXPECT_EQ(denied_interface("u030101u0e****", record), "u0e0100");
  EXPECT_EQ(denied_interface("*******", record), "u080650");
}

}  // namespace
}  // namespace dom0
