// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/device/interface_choice.hpp"

#include <gtest/gtest.h>

namespace base::device {
namespace {

bool has(const char* choice, std::uint8_t number, const char* code) {
  return InterfaceChoice::parse(choice)->has(number, code);
}

TEST(InterfaceChoice, IsNumbersCodesAndCategories) {
  EXPECT_TRUE(has("0,2", 2, "u030101"));
  EXPECT_FALSE(has("0,2", 1, "u030101"));
  EXPECT_TRUE(has("u03**01", 9, "u030101"));
  EXPECT_FALSE(has("u03**01", 9, "u030102"));
  EXPECT_TRUE(has("mouse,usb_storage", 0, "u080650"));
  EXPECT_FALSE(has("Input", 0, "u030101"));  // a keyboard is best described as "Keyboard"
  EXPECT_TRUE(InterfaceChoice().has(15, "uff0000"));
}

TEST(InterfaceChoice, IsWrittenInOneWay) {
  EXPECT_EQ(InterfaceChoice::parse("15,u0e****,camera")->text(), "15,u0e****,Camera");
  EXPECT_EQ(InterfaceChoice().text(), "");
  EXPECT_EQ(usb_interface_code(0x08, 0x06, 0x50), "u080650");
  EXPECT_EQ(usb_interface_code(0xff, 0xe0, 0x01), "uffe001");
}

TEST(InterfaceChoice, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", ",", "0,", ",0", "16", "00", "-1", "+1", "0x1", "1 ", "u08***",
                           "u08*****", "U08****", "p08****", "uG8****", "stick", "0;1", "*"}) {
    EXPECT_FALSE(InterfaceChoice::parse(text)) << text;
  }
}

TEST(InterfaceChoice, IsBounded) {
  std::string most = "0";
  for (std::size_t i = 1; i < InterfaceChoice::max_items; ++i) most += ",1";
  EXPECT_TRUE(InterfaceChoice::parse(most));
  EXPECT_FALSE(InterfaceChoice::parse(most + ",1"));
  std::string longest = "u08****";
  while (longest.size() + 8 <= InterfaceChoice::max_text) longest += ",u08****";
  EXPECT_TRUE(InterfaceChoice::parse(longest));
  EXPECT_FALSE(InterfaceChoice::parse(longest + ",u08****"));
}

TEST(InterfaceChoice, MayBeWithinAnother) {
  const auto within = [](const char* one, const char* wider) {
    return InterfaceChoice::parse(one)->within(*InterfaceChoice::parse(wider));
  };
  EXPECT_TRUE(within("0", "0,1"));
  EXPECT_TRUE(within("u080650", "u08****"));
  EXPECT_TRUE(within("u0806**,1", "1,u08****"));
  EXPECT_FALSE(within("u08****", "u0806**"));
  EXPECT_FALSE(within("0", "u08****"));
  EXPECT_FALSE(within("USB_Storage", "u08****"));
  EXPECT_TRUE(within("USB_Storage", "USB_Storage"));
  EXPECT_TRUE(InterfaceChoice::parse("0")->within(InterfaceChoice()));
  EXPECT_FALSE(InterfaceChoice().within(*InterfaceChoice::parse("0")));
}

}  // namespace
}  // namespace base::device
