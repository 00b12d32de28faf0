// SPDX-License-Identifier: GPL-2.0-or-later
// Which keys are down, by a HID interface's reports, as Linux reads them.
#include "usbproxy/firewall/key_reports.hpp"

#include <gtest/gtest.h>

#include "tests/usbproxy/described_device.hpp"
#include "usbproxy/firewall/hid_report.hpp"

namespace usbproxy::firewall {
namespace {

using test::Bytes;
using test::from_hex;

KeyReports reports_of(const Bytes& descriptor) {
  auto facts = check_report(descriptor, 0);
  EXPECT_TRUE(facts) << facts.error().text();
  if (!facts) return {{}, KeyReports::Numbered::no};
  return {std::move(facts->key_fields), facts->numbered};
}
KeyReports reports_of(std::string_view hex) { return reports_of(from_hex(hex)); }

// "-04 +05 +e1"
std::string changes(KeyReports& reports, std::string_view hex) {
  std::vector<KeyReports::Change> found;
  reports.read(from_hex(hex), found);
  std::string text;
  for (const auto& [key, down] : found) {
    char one[8];
    std::snprintf(one, sizeof one, "%c%02x", down ? '+' : '-', key);
    text += (text.empty() ? "" : " ") + std::string(one);
  }
  return text;
}

TEST(KeyReports, ReadsAKeyboardAsDescribed) {
  KeyReports keyboard = reports_of(test::keyboard_report);
  EXPECT_EQ(changes(keyboard, "02 00 04 00 00 00 00 00"), "+e1 +04");
  EXPECT_EQ(changes(keyboard, "02 00 04 00 00 00 00 00"), "");
  EXPECT_EQ(changes(keyboard, "00 00 05 06 00 00 00 00"), "-e1 -04 +05 +06");
  EXPECT_EQ(changes(keyboard, "00 00 06 05 00 00 00 00"), "");  // places mean nothing
  EXPECT_EQ(changes(keyboard, "00 00 01 01 01 01 01 01"), "");  // too many keys: it cannot tell
  EXPECT_EQ(changes(keyboard, ""), "");                         // the kernel leaves it out
  EXPECT_EQ(changes(keyboard, "00"), "-05 -06");                // cut short: the rest is zeros
  EXPECT_EQ(changes(keyboard, "00 00 00 00 00 00 00 07 08 09"), "+07");
}

TEST(KeyReports, ReadsBootReportsWhateverTheDescriptorSays) {
  KeyReports boot = KeyReports::boot();
  EXPECT_EQ(changes(boot, "01 ff 04 00 00 00 00 29"), "+e0 +04 +29");
  EXPECT_EQ(changes(boot, "80 00 00 00 00 00 00 00"), "-e0 -04 -29 +e7");
}

TEST(KeyReports, ABitForEachKey) {  // as keyboards with N-key rollover have it, in report 2
  KeyReports keyboard = reports_of(
      "05 01 09 06 a1 01 85 01 05 0c 09 01 15 00 25 01 75 08 95 01 81 02 "
      "85 02 05 07 19 04 29 1d 15 00 25 01 75 01 95 1a 81 02 c0");
  EXPECT_EQ(changes(keyboard, "02 03 00 00 02"), "+04 +05 +1d");
  EXPECT_EQ(changes(keyboard, "01 ff ff ff ff"), "");  // another report
  EXPECT_EQ(changes(keyboard, "02 00 00 00 00"), "-04 -05 -1d");
}

TEST(KeyReports, ReportsWithoutANumberBesideNumberedOnes) {
  // Keys in report 0, and then one of number 3: Linux takes a number from all of them.
  KeyReports keyboard = reports_of(
      "05 01 09 06 a1 01 05 07 19 00 29 ff 15 00 26 ff 00 75 08 95 02 81 00 "
      "85 03 06 00 ff 09 01 95 01 81 02 c0");
  EXPECT_EQ(changes(keyboard, "00 04 05"), "+04 +05");
  EXPECT_EQ(changes(keyboard, "03 06 07"), "");
}

TEST(KeyReports, ValuesAreCountedFromTheLeast) {
  // Logical 10 to 14 are the usages 1e to 22, with 4 bits a value.
  KeyReports keyboard = reports_of("05 07 a1 01 19 1e 29 22 15 0a 25 0e 75 04 95 02 81 00 c0");
  EXPECT_EQ(changes(keyboard, "ba"), "+1e +1f");
  EXPECT_EQ(changes(keyboard, "fe"), "-1e -1f +22");  // 15 is out of range
  // Below zero.
  KeyReports negative = reports_of("05 07 a1 01 19 1e 29 22 15 fe 25 02 75 08 95 01 81 00 c0");
  EXPECT_EQ(changes(negative, "fe"), "+1e");
  EXPECT_EQ(changes(negative, "02"), "-1e +22");
}

// Where a list of usages hides keys, they are found where hid_concatenate_last_usage_page(),
// hid_parser_local() and hid_register_field() put them (drivers/hid/hid-core.c).
TEST(KeyReports, UsagesArePlacedAsTheKernelPlacesThem) {
  // One with a page of its own, behind one of the vendor's.
  KeyReports extended =
      reports_of("06 00 ff a1 01 09 01 0b 04 00 07 00 15 00 25 01 75 01 95 02 81 02 c0");
  EXPECT_EQ(changes(extended, "03"), "+04");
  // The page of the main item counts, not the one at the usage.
  KeyReports later = reports_of("06 00 ff a1 01 09 04 05 07 15 00 25 01 75 01 95 01 81 02 c0");
  EXPECT_EQ(changes(later, "01"), "+04");
  // But not behind one that is of that page already.
  KeyReports before = reports_of("05 07 a1 01 09 04 05 0c 09 05 15 00 25 01 75 01 95 02 81 02 c0");
  EXPECT_EQ(changes(before, "03"), "+04");
  // The last usage stands for all values behind it.
  KeyReports last = reports_of("05 07 a1 01 09 04 15 00 25 01 75 01 95 08 81 02 c0");
  EXPECT_EQ(changes(last, "80"), "+04");
  // Of alternatives only the first set has places.
  KeyReports sets = reports_of(
      "05 07 a1 01 a9 01 09 04 a9 00 a9 01 09 05 a9 00 15 00 25 01 75 01 95 02 81 02 c0");
  EXPECT_EQ(changes(sets, "03"), "+04");
  // A range without a beginning begins at 0.
  KeyReports open = reports_of("05 07 a1 01 29 65 15 00 25 65 75 08 95 01 81 00 c0");
  EXPECT_EQ(changes(open, "04"), "+04");
}

TEST(KeyReports, NoRangeGoesOverTwoPages) {
  const auto facts =
      check_report(from_hex("05 07 a1 01 19 04 05 08 29 10 15 00 25 01 75 01 95 02 81 02 c0"), 0);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().text(),
            "HID report descriptor of interface 0, offset 8: a range of usages over two pages");
}

TEST(KeyReports, WhatHasNoKeysHasNoFields) {
  const auto facts = check_report(
      from_hex("05 01 09 02 a1 01 05 09 19 01 29 03 15 00 25 01 95 03 75 01 81 02 c0"), 0);
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->key_fields.empty());
}

TEST(KeyReports, ALongListCostsNoMemoryAndNoTime) {
  // 12,288 values, looked up in 65,280 usages: as much as check_report() lets through.
  KeyReports keyboard =
      reports_of("05 07 a1 01 1a 00 00 2a ff fe 15 00 27 ff ff 00 00 75 08 96 00 30 81 00 c0");
  const Bytes whole(12'288, std::byte{0x04});
  std::vector<KeyReports::Change> found;
  for (int i = 0; i < 100; ++i) keyboard.read(whole, found);
  EXPECT_EQ(changes(keyboard, "05"), "-04 +05");
}

}  // namespace
}  // namespace usbproxy::firewall
