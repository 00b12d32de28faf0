// SPDX-License-Identifier: GPL-2.0-or-later
// HID report descriptors: what the kernel's parser would stumble over does not get there.
#include "usbproxy/firewall/hid_report.hpp"

#include <gtest/gtest.h>

#include "tests/usbproxy/described_device.hpp"

namespace usbproxy::firewall {
namespace {

using test::Bytes;
using test::from_hex;

// QEMU's usb-mouse.
const Bytes& mouse() {
  static const Bytes bytes = from_hex(
      "05 01 09 02 a1 01 09 01 a1 00 05 09 19 01 29 05 15 00 25 01 95 05 75 01 81 02 95 01 75 03 "
      "81 "
      "01 05 01 09 30 09 31 09 38 15 81 25 7f 75 08 95 03 81 06 c0 c0");
  return bytes;
}

std::string wrong_with(std::string_view hex) {
  const auto facts = check_report(from_hex(hex), 1);
  return facts ? "" : facts.error().text();
}

TEST(FirewallReport, TellsWhatTypesKeysFromWhatDoesNot) {
  const auto keyboard = check_report(test::keyboard_report, 0);
  ASSERT_TRUE(keyboard) << keyboard.error().text();
  EXPECT_TRUE(keyboard->types_keys);
  const auto pointer = check_report(mouse(), 0);
  ASSERT_TRUE(pointer) << pointer.error().text();
  EXPECT_FALSE(pointer->types_keys);
  // Input from the page of keys, without saying that it is a keyboard.
  const auto hidden = check_report(
      from_hex("05 0c 09 01 a1 01 05 07 19 00 29 ff 15 00 25 ff 75 08 95 06 81 00 c0"), 0);
  ASSERT_TRUE(hidden) << hidden.error().text();
  EXPECT_TRUE(hidden->types_keys);
  // The page in the usage itself.
  const auto extended = check_report(from_hex("0b 06 00 01 00 a1 01 c0"), 0);
  ASSERT_TRUE(extended);
  EXPECT_TRUE(extended->types_keys);
}

TEST(FirewallReport, EveryShorterInputIsRefused) {
  for (const Bytes& whole : {test::keyboard_report, mouse()}) {
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      // Nothing but items that describe what never comes is no report, and harmless.
      const bool opened = size > 5;
      EXPECT_TRUE(!opened || !check_report(cut, 0)) << size;
    }
  }
}

TEST(FirewallReport, NamesTheItemThatIsWrong) {
  const std::string at = "HID report descriptor of interface 1, offset ";
  EXPECT_EQ(wrong_with("a1 01"), at + "2: a collection is not closed (HID 1.11, 6.2.2.6)");
  EXPECT_EQ(wrong_with("a1 01 c0 c0"),
            at + "3: a collection is closed that was not opened (HID 1.11, 6.2.2.6)");
  EXPECT_EQ(wrong_with("05"), at + "0: the item is cut short (HID 1.11, 6.2.2.2)");
  EXPECT_EQ(wrong_with("07 01 02 03"), at + "0: the item is cut short (HID 1.11, 6.2.2.2)");
  EXPECT_EQ(wrong_with("fe 02 f0 00 00"), at + "0: a long or reserved item (HID 1.11, 6.2.2.3)");
  EXPECT_EQ(wrong_with("d0"), at + "0: reserved main item 0x0d");
  EXPECT_EQ(wrong_with("c4"), at + "0: reserved global item 0x0c");
  EXPECT_EQ(wrong_with("b8"), at + "0: reserved local item 0x0b");
  EXPECT_EQ(wrong_with("85 00"), at + "0: report id 0 is not 1 to 255 (HID 1.11, 6.2.2.7)");
  EXPECT_EQ(wrong_with("86 00 01"), at + "0: report id 256 is not 1 to 255 (HID 1.11, 6.2.2.7)");
  EXPECT_EQ(wrong_with("76 01 01"), at + "0: fields of 257 bits exceed 256");
  EXPECT_EQ(wrong_with("97 ff ff ff ff"), at + "0: 4294967295 fields exceed 12288");
  EXPECT_EQ(wrong_with("75 80 96 00 08 81 02"),
            at + "5: report 0 is longer than the kernel's 16384 bytes");
  EXPECT_EQ(wrong_with("15 05 25 04 75 08 95 01 81 02"),
            at + "8: the logical range ends before it begins (HID 1.11, 6.2.2.7)");
  EXPECT_EQ(wrong_with("19 05 29 04"), at + "2: a range of usages that ends before it begins");
  EXPECT_EQ(wrong_with("a4 a4 a4 a4 a4"), at + "4: more than 4 pushes in each other");
  EXPECT_EQ(wrong_with("b4"), at + "0: a pop without a push");
  EXPECT_EQ(wrong_with("a9 01 a9 01"), at + "2: a delimiter within another");
  EXPECT_EQ(wrong_with("a9 01 81 02"), at + "2: a main item within a delimiter");
  EXPECT_EQ(wrong_with("a9 01"), at + "2: a delimiter is not closed");
  std::string nested;
  for (int i = 0; i < 17; ++i) nested += "a1 01 ";
  EXPECT_EQ(wrong_with(nested), at + "32: more than 16 collections in each other");
  EXPECT_EQ(wrong_with("1a 00 00 2a ff ff 1a 00 00 2a ff ff"), at + "9: more than 65536 usages");
}

TEST(FirewallReport, SumsReportsByTheirIds) {
  // 8191 bytes in each of two reports are as much as the kernel takes; in one they would not be.
  EXPECT_EQ(wrong_with("85 01 75 08 96 ff 1f 81 02 85 02 81 02 81 02"), "");
  EXPECT_NE(wrong_with("85 01 75 08 96 ff 2f 81 02 81 02"), "");
}

}  // namespace
}  // namespace usbproxy::firewall
