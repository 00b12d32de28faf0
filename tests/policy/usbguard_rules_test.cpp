// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usbguard_rules.hpp"

#include <gtest/gtest.h>

namespace policy {
namespace {

DeviceFacts typing_stick() {
  return {.backend = "sys-usb",
          .port_id = "2-1.4",
          .interfaces = {"u080650", "u030101"},
          .vendor_id = 0x0951,
          .product_id = 0x1666,
          .serial = "60\"A",
          .name = "Data Traveler"};
}

bool allowed(const std::string& text) {
  const auto rules = UsbguardRules::parse(text, "rules.conf");
  EXPECT_TRUE(rules.has_value()) << rules.error().text;
  return rules && rules->allow(typing_stick());
}

std::string rules_error(const std::string& text) {
  const auto rules = UsbguardRules::parse(text, "rules.conf");
  return rules ? "" : rules.error().text;
}

TEST(UsbguardRules, TheFirstThatMatchesDecides) {
  EXPECT_FALSE(allowed(""));
  EXPECT_TRUE(allowed("allow"));
  EXPECT_FALSE(allowed("block\nallow"));
  EXPECT_FALSE(allowed("reject 0951:*\nallow"));
  EXPECT_TRUE(allowed("# a comment\n\n  \tblock 1234:*\r\nallow 0951:1666 # the stick\n"));
  EXPECT_FALSE(allowed("allow 0951:1667"));
}

TEST(UsbguardRules, AttributesAreCompared) {
  EXPECT_TRUE(allowed("allow id 0951:1666"));
  EXPECT_TRUE(allowed("allow id one-of { 1111:* 0951:* }"));
  EXPECT_FALSE(allowed("allow id none-of { 0951:* 1d6b:0002 }"));
  EXPECT_TRUE(allowed(R"(allow 0951:1666 serial "60\"A" name "Data Traveler" via-port "2-1.4")"));
  EXPECT_TRUE(allowed(R"(allow serial "\x36\048\"A")"));
  EXPECT_FALSE(allowed(R"(allow serial "60A")"));
  EXPECT_TRUE(allowed(R"(allow via-port one-of { "1-1" "2-1.4" } label "desk")"));
}

TEST(UsbguardRules, InterfacesByEveryOperator) {
  EXPECT_FALSE(allowed("allow with-interface 08:06:50")) << "equals: and no other";
  EXPECT_TRUE(allowed("allow with-interface { 03:01:01 08:*:* }"));
  EXPECT_TRUE(allowed("allow with-interface equals { 03:01:01 08:06:50 }"));
  EXPECT_TRUE(allowed("allow with-interface equals-ordered { 08:06:50 03:01:01 }"));
  EXPECT_FALSE(allowed("allow with-interface equals-ordered { 03:01:01 08:06:50 }"));
  EXPECT_TRUE(allowed("allow with-interface all-of { 03:*:* }"));
  EXPECT_FALSE(allowed("allow with-interface all-of { 03:*:* 09:*:* }"));
  EXPECT_TRUE(allowed("allow with-interface one-of { 03:*:* 09:*:* }"));
  EXPECT_FALSE(allowed("allow with-interface none-of { 03:*:* }"));
  EXPECT_TRUE(allowed("allow with-interface none-of { 09:*:* }"));
  EXPECT_FALSE(allowed("allow with-interface match-all { 08:*:* }"));
  EXPECT_TRUE(allowed("allow with-interface match-all { 08:*:* 03:*:* 09:*:* }"));
}

TEST(UsbguardRules, ConditionsThatAreKnown) {
  EXPECT_TRUE(allowed("allow if true"));
  EXPECT_FALSE(allowed("allow if false"));
  EXPECT_TRUE(allowed("allow if !false"));
  EXPECT_TRUE(allowed("allow if one-of { false true }"));
  EXPECT_FALSE(allowed("allow if all-of { false true }"));
  EXPECT_TRUE(allowed("allow if none-of { false !true }"));
}

TEST(UsbguardRules, WhatCannotBeKnownIsAnErrorWithItsLine) {
  EXPECT_TRUE(rules_error("allow\nallow hash \"x\"").starts_with("rules.conf:2: 'hash' cannot"));
  EXPECT_TRUE(rules_error("allow parent-hash \"x\"").starts_with("rules.conf:1: 'parent-hash'"));
  EXPECT_TRUE(rules_error("allow with-connect-type \"hotplug\"").find("cannot be known") !=
              std::string::npos);
  EXPECT_TRUE(rules_error("allow if localtime(00:00-12:00)").find("'localtime(00:00-12:00)'") !=
              std::string::npos);
  EXPECT_EQ(rules_error("match 1234:*"),
            "rules.conf:1: a rule begins with allow, block or reject, not 'match'");
}

TEST(UsbguardRules, RefusesWhatIsNoRule) {
  for (const char* bad : {"permit",
                          "allow 0951",
                          "allow id",
                          "allow id 09511666",
                          "allow id *:1666",
                          "allow serial",
                          "allow serial x",
                          "allow serial \"x",
                          "allow serial \"\\q\"",
                          "allow serial \"\\x4\"",
                          "allow serial \"\\999\"",
                          "allow with-interface 8:06:50",
                          "allow with-interface *:06:50",
                          "allow with-interface 08:*:50",
                          "allow with-interface {}",
                          "allow with-interface { 08:06:50",
                          "allow with-interface one-of 08:06:50",
                          "allow 0951:1666 id 0951:1666",
                          "allow serial \"a\" serial \"b\"",
                          "allow if maybe",
                          "allow name { }",
                          "allow } {"}) {
    EXPECT_NE(rules_error(bad), "") << bad;
  }
}

TEST(UsbguardRules, EveryShorterTextIsReadOrRefused) {
  const std::string whole =
      R"(allow 0951:1666 serial "60\"A" with-interface one-of { 08:06:50 03:*:* } if !false # x)";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    static_cast<void>(UsbguardRules::parse(whole.substr(0, size), "f"));
  }
  EXPECT_TRUE(allowed(whole));
}

TEST(UsbguardRules, AreBounded) {
  std::string text;
  for (std::size_t i = 0; i < UsbguardRules::max_rules; ++i) text += "allow\n";
  EXPECT_EQ(rules_error(text), "");
  EXPECT_NE(rules_error(text + "allow"), "");
  EXPECT_NE(rules_error("allow name \"" + std::string(UsbguardRules::max_line, 'x') + "\""), "");
  std::string values;
  for (std::size_t i = 0; i < UsbguardRules::max_values; ++i) values += " 08:06:50";
  EXPECT_EQ(rules_error("allow with-interface {" + values + " }"), "");
  EXPECT_NE(rules_error("allow with-interface {" + values + " 08:06:50 }"), "");
}

}  // namespace
}  // namespace policy
