// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/admin_request.hpp"

#include <gtest/gtest.h>

#include "dom0/admin_reply.hpp"

namespace dom0 {
namespace {

// '|' stands for NUL.
std::string bytes(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '|') c = '\0';
  }
  return out;
}

base::Result<AdminRequest> parse(const std::string& text) {
  return parse_admin_request(base::wire::as_bytes(text));
}

std::string text_of(const AdminReply& reply) {
  return std::string(base::wire::as_text(base::wire::Bytes(reply)));
}

TEST(AdminRequestParser, TakesTheWorkedExample) {
  const auto request =
      parse(bytes("admin.vm.device.usb.Attach+test-vm1+dev1+dead+beef+babe+u012345 dom0 name "
                  "test-vm2|device_id='x' y='z'"));
  ASSERT_TRUE(request.has_value()) << request.error().text;
  EXPECT_EQ(*request, (AdminRequest{.method = "admin.vm.device.usb.Attach",
                                    .argument = "test-vm1+dev1+dead+beef+babe+u012345",
                                    .source = "dom0",
                                    .target = "test-vm2",
                                    .payload = "device_id='x' y='z'"}));
}

TEST(AdminRequestParser, TakesEmptyArgumentsAndAnyPayload) {
  EXPECT_EQ(parse(bytes("admin.vm.List+ dom0 name dom0|"))->argument, "");
  EXPECT_EQ(parse(bytes("admin.vm.List dom0 name dom0|"))->argument, "");
  EXPECT_EQ(parse(bytes("a+b+c dom0 name dom0||\xff\n|"))->payload, bytes("|\xff\n|"));
}

TEST(AdminRequestParser, RefusesEveryShorterHeader) {
  const std::string whole = bytes("admin.vm.List+x dom0 name dom0|");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse(whole.substr(0, size)).has_value()) << size;
  }
}

TEST(AdminRequestParser, RefusesOtherShapes) {
  for (const char* text :
       {"|", "a|", "a b c|", "a  dom0 name dom0|", "a dom0 name dom0 |", " a dom0 name dom0|",
        "a dom0 name dom0 more|", "a dom0 keyword adminvm|", "+x dom0 name dom0|",
        "a+b/c dom0 name dom0|", "a/b dom0 name dom0|", "a+x dom0 name @adminvm|",
        "a+x do\x1bm0 name dom0|", "a+x dom0 name ../dom0|", "a+x dom0 name d\xc3\xb6m|",
        "a\n+x dom0 name dom0|"}) {
    EXPECT_FALSE(parse(bytes(text)).has_value()) << text;
  }
}

TEST(AdminRequestParser, KeepsItsBounds) {
  const std::string end = bytes(" dom0 name dom0|");
  const auto header = [&end](std::size_t size) {
    return "a+" + std::string(size - 2 - (end.size() - 1), 'x') + end;
  };
  EXPECT_TRUE(parse(header(max_admin_header)).has_value());
  EXPECT_FALSE(parse(header(max_admin_header + 1)).has_value());
  EXPECT_TRUE(parse("a" + end + std::string(max_admin_payload, '\0')).has_value());
  EXPECT_FALSE(parse("a" + end + std::string(max_admin_payload + 1, '\0')).has_value());
  EXPECT_FALSE(parse(std::string(max_admin_method + 1, 'm') + end).has_value());
  EXPECT_FALSE(
      parse(bytes("a dom0 name ") + std::string(max_admin_name + 1, 'n') + '\0').has_value());
}

TEST(AdminReplyWriter, WritesQubesBytes) {
  EXPECT_EQ(text_of(encode_ok()), bytes("0|"));
  EXPECT_EQ(text_of(encode_ok("a\nb")), bytes("0|a\nb"));
  EXPECT_EQ(text_of(encode_error("PermissionDenied", "no")), bytes("2|PermissionDenied||no|"));
  EXPECT_EQ(text_of(encode_event("work", "device-attach:usb", {{"device", "2-1"}, {"n", ""}})),
            bytes("1|work|device-attach:usb|device|2-1|n|||"));
  EXPECT_EQ(text_of(encode_event("", "connection-established")),
            bytes("1||connection-established||"));
}

TEST(AdminReplyWriter, KeepsFieldsApart) {
  EXPECT_EQ(text_of(encode_error(bytes("a|b"), bytes("c|d"))), bytes("2|a_b||c_d|"));
  EXPECT_EQ(text_of(encode_error("T", std::string(9999, 'x'))).size(),
            2U + 2 + 1 + max_error_text + 1);
}

}  // namespace
}  // namespace dom0
