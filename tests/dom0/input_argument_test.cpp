// SPDX-License-Identifier: GPL-2.0-or-later
// Which USB device an input service's argument means.
#include "dom0/input_argument.hpp"

#include <gtest/gtest.h>

namespace dom0 {
namespace {

TEST(InputArgument, NamesPortsAndNumbers) {
  EXPECT_EQ(parse_input_argument("+usb-0000_00_05.0-2.4+3-46d-c52b-111+ab_cd_01"),
            (InputArgument{.port_path = "2.4", .vendor_id = 0x46d, .product_id = 0xc52b}));
  EXPECT_EQ(parse_input_argument("+usb-vhci_hcd.0-1+3-627-1-100+")->port_path, "1");
}

TEST(InputArgument, IsNothingElse) {
  for (const char* text : {"", "+", "usb-0000_00_05.0-2+3-46d-c52b-111+", "+3-46d-c52b-111+",
                           "+usb-0000_00_05.0-2+5-46d-c52b-111+", "+usb-0000_00_05.0-2",
                           "+usb-0000_00_05.0-x+3-46d-c52b-111+", "+usb-+3-46d-c52b-111+",
                           "+usb-0000_00_05.0-2+3-46d+", "+usb-0000_00_05.0-2+3-46d-fffff-1+",
                           "+usb-0000_00_05.0-2+3--c52b-1+", "+isa0060_serio0+11-1-1-ab41+"}) {
    EXPECT_FALSE(parse_input_argument(text)) << text;
  }
}

TEST(InputArgument, NodesOfADeviceHaveOnePlace) {
  const std::string place = "usb-0000_00_05.0-2.4";
  EXPECT_EQ(input_place("+usb-0000_00_05.0-2.4+3-46d-c52b-111+"), place);
  EXPECT_EQ(input_place("+usb-0000_00_05.0-2.4+3-46d-4082-111+ab_cd"), place);
  EXPECT_NE(input_place("+usb-0000_00_06.0-2.4+3-46d-c52b-111+"), place);
  // Without a port nothing but the whole of it tells devices apart.
  EXPECT_EQ(input_place("+3-46d-c52b-111+"), "+3-46d-c52b-111+");
  EXPECT_EQ(input_place(""), "");
}

TEST(InputArgument, KnowsTheServices) {
  EXPECT_TRUE(is_input_service("qubes.InputTablet"));
  EXPECT_FALSE(is_input_service("qubes.InputKeyboard2"));
  EXPECT_TRUE(is_keyboard_service("qubes.InputKeyboard"));
  EXPECT_FALSE(is_keyboard_service("qubes.InputMouse"));
}

}  // namespace
}  // namespace dom0
