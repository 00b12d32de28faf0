// SPDX-License-Identifier: GPL-2.0-or-later
// What a person asks of sallyport-scans.
#include "scanner-qube/desk/desk_request.hpp"

#include <gtest/gtest.h>

namespace scannerqube::desk {
namespace {

const std::string medium = " medium=" + std::string(62, '0') + "ab";

TEST(DeskRequest, IsReadAsItIsWritten) {
  for (const std::string& text : std::initializer_list<std::string>{
           "scan s deleted=no again=no wait=yes",
           "scan s device=sys-usb:sda" + medium + " deleted=no again=no wait=yes",
           "scan s device=sys-usb:sda id=0951:1666:60A44C:u080650:1.0 deleted=no again=no wait=yes",
           "scan s device=sys-usb:sda passphrase=yes deleted=no again=no wait=yes",
           "scan sda-20261128-153012 deleted=yes again=no wait=no",
           "scan s device=sys-usb:sda deleted=no again=yes wait=yes", "report s",
           "release sda-20261128-153012"}) {
    const auto request = parse_desk_request(text);
    ASSERT_TRUE(request) << text << ": " << request.error().text;
    EXPECT_EQ(format_request(*request), text);
  }
}

TEST(DeskRequest, OfWhatIsKeptThereAreNoOptions) {
  using Verb = DeskRequest::Verb;
  const auto verb_of = [](std::string_view text) {
    const auto request = parse_desk_request(text);
    return request ? request->verb : Verb::scan;
  };
  EXPECT_EQ(verb_of("report stick"), Verb::report);
  EXPECT_EQ(verb_of("release stick"), Verb::release);
  for (const char* text : {"release", "release ", "release ../x", "release s wait=yes",
                           "report s again=yes", "report s device=sys-usb:sda", "releases s"}) {
    EXPECT_FALSE(parse_desk_request(text)) << text;
  }
}

TEST(DeskRequest, TheShortestIsCareful) {
  const auto request = parse_desk_request("scan stick");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->snapshot, "stick");
  EXPECT_EQ(request->device, "");
  EXPECT_TRUE(request->stays) << "whoever leaves does not want it any more";
  EXPECT_FALSE(request->again);
  EXPECT_FALSE(request->deleted);
  EXPECT_FALSE(request->medium);
  EXPECT_FALSE(request->passphrase);
}

TEST(DeskRequest, WhatIsEncryptedIsNotRemembered) {
  EXPECT_TRUE(parse_desk_request("scan s passphrase=yes"));
  EXPECT_FALSE(parse_desk_request("scan s passphrase=yes" + medium));
  EXPECT_FALSE(parse_desk_request("scan s passphrase=geheim"));
  EXPECT_FALSE(parse_desk_request("report s passphrase=yes"));
}

TEST(DeskRequest, AMediumIsADigest) {
  const auto request = parse_desk_request("scan s" + medium);
  ASSERT_TRUE(request && request->medium);
  EXPECT_EQ(request->medium->back(), std::byte{0xab});
  for (const std::string& text :
       {std::string("scan s medium="), "scan s" + medium + "0", "scan s" + medium + medium,
        "scan s medium=" + std::string(64, 'g'), "report s" + medium}) {
    EXPECT_FALSE(parse_desk_request(text)) << text;
  }
}

TEST(DeskRequest, AMediumWithoutASerialNumberIsNobody) {
  const auto one = medium_digest("0951:1666:60A44C:u080650:1.0");
  ASSERT_TRUE(one);
  EXPECT_EQ(medium_digest("0951:1666:60A44C:u080650:1.0"), one);
  for (const char* other : {"0951:1666:60A44D:u080650:1.0", "0951:1667:60A44C:u080650:1.0",
                            "0951:1666:60A44C:u080650:1.0:1", "0000:0000:x:b******"}) {
    EXPECT_TRUE(medium_digest(other)) << other;
    EXPECT_NE(medium_digest(other), one) << other;
  }
  for (const char* nobody : {"", ":", "::", "0951:1666", "0951:1666::u080650:1.0", "0951"}) {
    EXPECT_FALSE(medium_digest(nobody)) << nobody;
  }
}

TEST(DeskRequest, TheLongestFits) {
  DeskRequest request{.snapshot = std::string(31, 's'),
                      .device = std::string(128, '~'),
                      .medium = base::hash::Digest{}};
  const auto again = parse_desk_request(format_request(request));
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_TRUE(*again == request);
  request.device += '~';
  EXPECT_FALSE(parse_desk_request(format_request(request)));
  EXPECT_FALSE(parse_desk_request("scan " + std::string(32, 's')));
}

TEST(DeskRequest, AnythingElseIsRefused) {
  for (const std::string& text : {std::string(),
                                  std::string("scan"),
                                  std::string("scan "),
                                  std::string("scan  s"),
                                  std::string("Scan s"),
                                  std::string("scan S"),
                                  std::string("scan 1"),
                                  std::string("scan -s"),
                                  std::string("scan ../s"),
                                  std::string("scan s/x"),
                                  std::string("scan s\n"),
                                  std::string("scan s\0", 7),
                                  std::string("scan s "),
                                  std::string("scan s  again=yes"),
                                  std::string("scan s again=yes "),
                                  std::string("scan s again"),
                                  std::string("scan s again="),
                                  std::string("scan s again=maybe"),
                                  std::string("scan s deleted=1"),
                                  std::string("scan s wait=never"),
                                  std::string("scan s force=yes"),
                                  std::string("scan s device=a\tb"),
                                  std::string("scan s device=a\x7f"),
                                  std::string("scan s device=\xc3\xa4"),
                                  std::string("scan s again=yes again=no"),
                                  std::string("scan s device=sys-usb:sda device=sys-usb:sdb"),
                                  "scan s device=" + std::string(max_desk_request, 'a')}) {
    EXPECT_FALSE(parse_desk_request(text)) << "'" << text << "'";
  }
}

TEST(DeskRequest, ARefusalShowsNothingRaw) {
  const auto bad = parse_desk_request("scan \x1b[2J");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().text.find('\x1b'), std::string::npos) << bad.error().text;
  const auto option = parse_desk_request("scan s \x1b[2J");
  ASSERT_FALSE(option);
  EXPECT_EQ(option.error().text.find('\x1b'), std::string::npos) << option.error().text;
}

}  // namespace
}  // namespace scannerqube::desk
