// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/admin_call.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

using Kind = AdminFailure::Kind;

std::string bytes(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '|') c = '\0';
  }
  return out;
}

TEST(AdminCallBytes, AreTheWorkedExample) {
  EXPECT_EQ(encode_call({.method = "admin.vm.device.usb.Attach",
                         .argument = "test-vm1+dev1+dead+beef+babe+u012345",
                         .target = "test-vm2",
                         .payload = "device_id='x'"}),
            bytes("admin.vm.device.usb.Attach+test-vm1+dev1+dead+beef+babe+u012345 dom0 name "
                  "test-vm2|device_id='x'"));
}

TEST(AdminReplyBytes, GiveTheData) {
  EXPECT_EQ(*parse_reply(bytes("0|")), "");
  EXPECT_EQ(*parse_reply(bytes("0|a\nb|c")), bytes("a\nb|c"));
}

TEST(AdminReplyBytes, GiveTheErrorEscaped) {
  const auto reply = parse_reply(bytes("2|DeviceAlreadyAttached||Device \x1b already attached|"));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().kind, Kind::refused);
  EXPECT_EQ(reply.error().type, "DeviceAlreadyAttached");
  EXPECT_EQ(reply.error().text, "Device \\x1b already attached");
}

TEST(AdminReplyBytes, MayBeEmptyAndThatIsAnError) {
  const auto reply = parse_reply("");
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().kind, Kind::empty);
}

TEST(AdminReplyBytes, AreRefusedWhenMalformed) {
  for (const char* text : {"|", "0", "2|", "2|Type|", "2|Type||", "2|Type||text", "1||event||",
                           "3|", "00|", "text without NUL"}) {
    const auto reply = parse_reply(bytes(text));
    ASSERT_FALSE(reply.has_value()) << text;
    EXPECT_EQ(reply.error().kind, Kind::malformed) << text;
  }
}

}  // namespace
}  // namespace cli
