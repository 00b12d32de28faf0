// SPDX-License-Identifier: GPL-2.0-or-later
// Strings and the binary object store.
#include <gtest/gtest.h>

#include "tests/usbproxy/described_device.hpp"
#include "usbproxy/firewall/bos.hpp"
#include "usbproxy/firewall/string_descriptor.hpp"

namespace usbproxy::firewall {
namespace {

using test::Bytes;
using test::from_hex;

std::u16string text_of(std::string_view hex) {
  const auto text = parse_string(from_hex(hex), 3);
  EXPECT_TRUE(text) << text.error().text();
  return text ? *text : std::u16string();
}

TEST(FirewallString, HonestTextStaysAsItIs) {
  EXPECT_EQ(text_of("0a 03 53 00 6b 00 fc 00 2d 4e"), u"Sk\u00fc\u4e2d");
  EXPECT_EQ(text_of("06 03 3d d8 00 de"), u"\U0001f600");
  EXPECT_EQ(string_descriptor(u"a\u4e2d"), from_hex("06 03 61 00 2d 4e"));
  EXPECT_EQ(text_of("02 03"), u"");
  EXPECT_EQ(text_of("04 03 61 00 ff ff"), u"a");  // behind bLength: thrown away, as the kernel does
  EXPECT_EQ(text_of("08 03 61 00 00 00 62 00"), u"a");
}

TEST(FirewallString, HarmfulTextIsReplaced) {
  EXPECT_EQ(text_of("08 03 1b 00 5b 00 9b 00"), u"\ufffd[\ufffd");  // ESC, CSI
  EXPECT_EQ(text_of("06 03 00 d8 61 00"), u"\ufffda");              // half of a pair
  EXPECT_EQ(text_of("06 03 61 00 00 dc"), u"a\ufffd");
  EXPECT_EQ(text_of("08 03 2e 20 0b 20 ff fe"), u"\ufffd\ufffd\ufffd");  // override, zero width
  EXPECT_EQ(text_of("06 03 40 db 41 dc"), u"\ufffd\ufffd");              // a tag character
  EXPECT_EQ(text_of("06 03 0a 00 0d 00"), u"\ufffd\ufffd");
}

TEST(FirewallString, WhatIsNoStringIsRefused) {
  const auto wrong = [](std::string_view hex) {
    return parse_string(from_hex(hex), 3).error().text();
  };
  EXPECT_EQ(wrong(""), "string 3, offset 0: bLength 0 of 0 bytes (USB 2.0, 9.6.7)");
  EXPECT_EQ(wrong("00 03"), "string 3, offset 0: bLength 0 of 2 bytes (USB 2.0, 9.6.7)");
  EXPECT_EQ(wrong("06 03 61 00"), "string 3, offset 0: bLength 6 of 4 bytes (USB 2.0, 9.6.7)");
  EXPECT_EQ(wrong("04 02 61 00"), "string 3, offset 1: bDescriptorType 0x02 is not 0x03");
  EXPECT_EQ(wrong("05 03 61 00 62"),
            "string 3, offset 0: bLength 5 is odd, but UTF-16 has units of 2 bytes (USB 2.0, "
            "9.6.7)");
}

TEST(FirewallString, OneLanguageIsKept) {
  EXPECT_EQ(*parse_languages(from_hex("06 03 07 04 09 04")), 0x0407);
  EXPECT_EQ(*parse_languages(from_hex("02 03")), english);  // the kernel's own guess
  EXPECT_FALSE(parse_languages(from_hex("01 03")));
  EXPECT_EQ(language_descriptor(0x0407), from_hex("04 03 07 04"));
}

TEST(FirewallString, SerialNumbersAreWrittenAsDom0WritesThem) {
  EXPECT_EQ(identity_text(u"60A44C-1.x_"), "60A44C-1.x_");
  EXPECT_EQ(identity_text(u"a:b c\u00fc\U0001f600\ufffd"), "a_b_c___");
}

// A device at SuperSpeed, with WebUSB.
const char* const object_store =
    "05 0f 36 00 04 07 10 02 02 00 00 00 0a 10 03 00 0e 00 01 0a ff 07 "
    "08 10 05 00 01 02 03 04 "
    "18 10 05 00 38 b6 08 34 a9 09 a0 47 8b fd a0 76 88 15 b6 65 00 01 21 00";

TEST(FirewallBos, KeepsWhatTheKernelReads) {
  Bytes bytes = from_hex(object_store);
  bytes[2] = static_cast<std::byte>(bytes.size());
  const auto copy = copy_bos(bytes);
  ASSERT_TRUE(copy) << copy.error().text();
  EXPECT_EQ(*copy, from_hex("05 0f 16 00 02 07 10 02 02 00 00 00 0a 10 03 00 0e 00 01 0a ff 07"));
  EXPECT_EQ(*copy_bos(*copy), *copy);
}

TEST(FirewallBos, EveryShorterInputIsRefused) {
  Bytes whole = from_hex(object_store);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(copy_bos(cut)) << size;
    if (size < 3) continue;
    cut[2] = static_cast<std::byte>(size);
    EXPECT_FALSE(copy_bos(cut)) << size;  // fewer capabilities than it says
  }
}

TEST(FirewallBos, NamesWhatIsWrong) {
  const auto wrong = [](std::string_view hex) { return copy_bos(from_hex(hex)).error().text(); };
  EXPECT_EQ(wrong("05 0f 05 00 01"), "BOS, offset 4: bNumDeviceCaps 1, but 0 follow");
  EXPECT_EQ(wrong("05 0f 06 00 00"), "BOS, offset 2: wTotalLength 6, but 5 bytes came");
  EXPECT_EQ(wrong("05 0f ff ff 00"), "BOS, offset 2: wTotalLength 65535 is not 5 to 1024");
  EXPECT_EQ(wrong("05 0f 0b 00 01 06 10 02 00 00 00"),
            "BOS, offset 5: capability 0x02: bLength 6 is not 7 (USB 3.2, 9.6.2)");
  EXPECT_EQ(wrong("05 0f 08 00 01 03 24 02"),
            "BOS, offset 5: no device capability (USB 3.2, 9.6.2)");
  EXPECT_EQ(wrong("05 0f 08 00 01 02 10 00"),
            "BOS, offset 5: no device capability (USB 3.2, 9.6.2)");
  EXPECT_EQ(wrong("05 0f 0b 00 02 03 10 0b 03 10 0b"),
            "BOS, offset 8: capability 0x0b: it is there twice");
  // SuperSpeedPlus: 12 bytes and 4 for each attribute, of which there is one more than it says.
  EXPECT_EQ(wrong("05 0f 11 00 01 0c 10 0a 00 00 00 00 00 00 00 00 00"),
            "BOS, offset 5: capability 0x0a: bLength 12 is not 16 (USB 3.2, 9.6.2)");
}

}  // namespace
}  // namespace usbproxy::firewall
