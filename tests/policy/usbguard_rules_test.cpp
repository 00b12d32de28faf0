// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usbguard_rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "policy/usbguard_match.hpp"
#include "policy/usbguard_parser.hpp"
#include "policy/usbguard_text.hpp"
#include "tests/places.hpp"

namespace policy {
namespace {

DeviceFacts typing_stick() {
  return {.backend = "sys-usb",
          .port_id = "2-1.4",
          .interfaces = {"u080650", "u030101"},
          .vendor_id = 0x0951,
          .product_id = 0x1666,
          .serial = "60\"A",
          .name = "Data Traveler",
          .described = {"u080650", "u030101"},
          .usbguard_hash = "vZGpv93gSkaY+lQuGr4ptld4kE0oUOx8u0f/4COSgsk="};
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
  EXPECT_TRUE(allowed(R"(allow serial "\x36\x30\"A")"));
  EXPECT_TRUE(allowed(R"(allow hash "vZGpv93gSkaY+lQuGr4ptld4kE0oUOx8u0f/4COSgsk=")"));
  EXPECT_FALSE(allowed(R"(allow hash "vZGpv93gSkaY+lQuGr4ptld4kE0oUOx8u0f/4COSgsK=")"));
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
  EXPECT_TRUE(
      rules_error("allow parent-hash \"x\"").starts_with("rules.conf:1:7: 'parent-hash' cannot"));
  EXPECT_TRUE(rules_error("allow with-connect-type \"hotplug\"").find("cannot be known") !=
              std::string::npos);
  EXPECT_TRUE(rules_error("allow if localtime(00:00-12:00)").find("'localtime'") !=
              std::string::npos);
  for (const char* strange : {"allow name match-all { \"a\" }", "allow id match-all { 1234:* }",
                              "allow if match-all { true }"}) {
    EXPECT_TRUE(rules_error(strange).find("match-all is supported of with-interface alone") !=
                std::string::npos)
        << strange;
  }
}

TEST(UsbguardRules, RefusesWhatIsNoRule) {
  for (const char* bad : {"permit",
                          "match 1234:*",
                          "allow 0951",
                          "allow \"x\"",
                          "allow 0951:1666serial \"x\"",
                          "allow serial \"a\"name \"b\"",
                          "allow serial one-of{ \"a\" }",
                          "allow serial { \"a\"\"b\" }",
                          "allow serial \"\\n\"",
                          "allow serial \"\\048\"",
                          "allow if localtime (00:00)",
                          "allow if ! true",
                          "allow if localtime(00:00",
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

TEST(UsbguardRules, TheErrorNamesLineAndColumn) {
  EXPECT_EQ(rules_error("allow\n\n  permit"),
            "rules.conf:3:3: a rule begins with allow, block or reject, not 'permit'");
  EXPECT_EQ(rules_error("allow 0951:1666 nmae \"x\""),
            "rules.conf:1:17: no such attribute: 'nmae'");
  EXPECT_EQ(rules_error("allow name \"a\\q\""),
            "rules.conf:1:14: only \\\\, \\\" and \\xHH may stand behind a backslash");
  EXPECT_EQ(rules_error("allow name \"a"), "rules.conf:1:12: the quote is not closed");
  EXPECT_EQ(rules_error("allow with-interface { 08:06:50 8:6:5 }"),
            "rules.conf:1:33: bad value for 'with-interface': '8:6:5'");
  EXPECT_EQ(rules_error("allow name"), "rules.conf:1:11: a value is missing for 'name'");
  EXPECT_EQ(rules_error("allow name \"\x1b[2J\" \x1b[2J"),
            "rules.conf:1:19: no such attribute: '\\x1b[2J'");
}

TEST(UsbguardRules, EqualsAsksForAsManyAndLetsNothingElseIn) {
  UsbguardRule rule = *std::move(*parse_usbguard_line("allow with-interface { 08:06:50 08:*:* }"));
  // Both values are about the first interface, and there are two: USBGuard takes that for equal.
  EXPECT_TRUE(usbguard_matches(rule, typing_stick(), Doubt::matches));
  EXPECT_FALSE(usbguard_matches(rule, typing_stick(), Doubt::differs));
  EXPECT_FALSE(allowed("allow with-interface { 08:06:50 03:01:01 03:01:01 }"));
}

TEST(UsbguardRules, WhatIsNotKnownLetsNobodyIn) {
  DeviceFacts unknown = typing_stick();
  unknown.described.clear();
  unknown.usbguard_hash.clear();
  const auto decides = [&unknown](const std::string& text) {
    const auto rules = UsbguardRules::parse(text, "f");
    return rules && rules->allow(unknown);
  };
  EXPECT_TRUE(decides("allow 0951:1666"));
  EXPECT_FALSE(decides("allow with-interface none-of { 03:*:* }"));
  EXPECT_FALSE(decides("allow with-interface match-all { 08:*:* }"));
  EXPECT_FALSE(decides("allow hash none-of { \"x\" }"));
  EXPECT_FALSE(decides("block with-interface one-of { 03:*:* }\nallow"));
  EXPECT_FALSE(decides("block hash \"x\"\nallow"));
  EXPECT_TRUE(decides("block 1234:* hash \"x\"\nallow"));
  unknown.name = std::string(max_device_text, 'n');
  EXPECT_FALSE(decides("allow name none-of { \"x\" }")) << "a name that was cut";
  EXPECT_FALSE(decides("block name \"" + unknown.name + "more\"\nallow"));
}

// Rules of our own; `usbguard-rule-parser -f` of Debian's usbguard 1.1.2 takes each line of the
// first file and refuses each of the second.
TEST(UsbguardRules, AgreesWithUsbguardOnEveryLineOfTheCorpus) {
  const std::string folder = places::source() + "/tests/data/usbguard/";
  for (const char* name : {"good.rules", "bad.rules"}) {
    std::ifstream file(folder + name);
    std::size_t lines = 0;
    for (std::string line; std::getline(file, line); ++lines) {
      EXPECT_EQ(parse_usbguard_line(line).has_value(), name == std::string("good.rules")) << line;
    }
    EXPECT_GT(lines, 40U) << name;
  }
}

TEST(UsbguardWord, SaysWhatTheRuleSays) {
  const auto word = [](const std::string& line) {
    const auto rule = parse_usbguard_line(line);
    EXPECT_TRUE(rule && *rule) << line;
    return rule && *rule ? usbguard_word(**rule) : std::string();
  };
  EXPECT_EQ(word("allow"), "id,*:*");
  EXPECT_EQ(word("block 0951:* label \"x\""), "id,0951:*");
  EXPECT_EQ(word(R"(allow with-interface one-of { 08:06:50 03:*:* } name "a b" serial "")"),
            R"(serial,"",name,"a\x20b",with-interface,one-of{08:06:50,03:*:*})");
  EXPECT_EQ(word("allow name \"\x1b[31m\xc3\xa4,\\\"\\\\\""),
            R"(name,"\x1b[31m\xc3\xa4,\x22\x5c")");
  const std::string again =
      R"(id,one-of{0951:1666,1234:*},hash,"a+/=",via-port,none-of{"2-1","2-2"},with-interface,equals-ordered{08:06:50})";
  const auto read = parse_usbguard_word(again);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(usbguard_word(*read), again);
}

TEST(UsbguardWord, RefusesWhatIsNone) {
  for (const char* bad :
       {"", "allow", "id", "id,", "0951:1666serial", "id,0951:1666#", "id 0951:1666", "name,\"a",
        "name,\"a\"serial,\"b\"", "name,one-of\"a\"", "id,*:1666"}) {
    EXPECT_FALSE(parse_usbguard_word(bad).has_value()) << bad;
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
  EXPECT_NE(rules_error("allow name \"" + std::string(max_usbguard_line, 'x') + "\""), "");
  std::string values;
  for (std::size_t i = 0; i < max_usbguard_values; ++i) values += " 08:06:50";
  EXPECT_EQ(rules_error("allow with-interface {" + values + " }"), "");
  EXPECT_NE(rules_error("allow with-interface {" + values + " 08:06:50 }"), "");
}

}  // namespace
}  // namespace policy
