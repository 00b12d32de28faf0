// SPDX-License-Identifier: GPL-2.0-or-later
// Names of devices: the database, the categories, the sanitising, the properties' form.
#include "dom0/device_description.hpp"

#include <gtest/gtest.h>

#include "base/device/properties.hpp"

namespace dom0 {
namespace {

using base::device::category_of;
using base::device::format_properties;
using base::device::parse_properties;
using base::device::Properties;
using base::device::sanitise_text;

constexpr std::string_view database =
    "# comment\n"
    "0951  Kingston Technology\n"
    "\t1666  DataTraveler 100 G3\n"
    "\t\t00  an interface, no product\n"
    "045e  Microsoft\xc2\xae\n"
    "\t000e  SideWinder\xc2\xae Freestyle\n"
    "broken line\n"
    "\t1111  product of nobody\n"
    "\n"
    "C 03  Human Interface Device\n"
    "\t0001  subclass, no product\n"
    "0781  SanDisk\n"
    "\t5567  Cruzer Blade";

TEST(UsbIdsParser, KnowsVendorsAndProducts) {
  const auto ids = UsbIds::parse(std::string(database));
  ASSERT_TRUE(ids.has_value());
  EXPECT_EQ(ids->size(), 6U);
  EXPECT_EQ(ids->find(0x0951, 0x1666), (UsbName{"Kingston Technology", "DataTraveler 100 G3"}));
  EXPECT_EQ(ids->find(0x045e, 0x000e), (UsbName{"Microsoft_", "SideWinder_ Freestyle"}));
  EXPECT_EQ(ids->find(0x0781, 0x5567), (UsbName{"SanDisk", "Cruzer Blade"}));
}

TEST(UsbIdsParser, SaysUnknownForHalfAName) {
  const auto ids = UsbIds::parse(std::string(database));
  for (const auto& [vendor, product] : {std::pair{0x0951, 0x9999}, {0x9999, 0x1666}, {3, 1}}) {
    EXPECT_EQ(ids->find(static_cast<std::uint16_t>(vendor), static_cast<std::uint16_t>(product)),
              (UsbName{"unknown", "unknown"}));
  }
  EXPECT_EQ(UsbIds().find(1, 1), (UsbName{"unknown", "unknown"}));
}

TEST(UsbIdsParser, KeepsItsBounds) {
  EXPECT_FALSE(UsbIds::parse(std::string(max_usb_ids + 1, '\n')).has_value());
  std::string many;
  for (std::size_t i = 0; i <= max_usb_ids_entries; ++i) many += "0951  x\n";
  EXPECT_FALSE(UsbIds::parse(std::move(many)).has_value());
  const auto longest = UsbIds::parse("0951  v\n\t1666  " + std::string(9999, 'p'));
  EXPECT_EQ(longest->find(0x0951, 0x1666).product.size(), 120U);
}

TEST(Category, MostLiteralCharactersWin) {
  EXPECT_EQ(category_of("u030101"), "Keyboard");
  EXPECT_EQ(category_of("u030102"), "Mouse");
  EXPECT_EQ(category_of("u030000"), "Input");
  EXPECT_EQ(category_of("u080650"), "USB_Storage");
  EXPECT_EQ(category_of("ue00101"), "Bluetooth");
  EXPECT_EQ(category_of("ue00102"), "Network");
  EXPECT_EQ(category_of("p0c0330"), "PCI_USB");
  EXPECT_EQ(category_of("p0c0500"), "PCI_Serial_Bus");
  EXPECT_EQ(category_of("p030000"), "Display");
  EXPECT_EQ(category_of("b******"), "Block_Storage");
  EXPECT_EQ(category_of("m******"), "Microphone");
  EXPECT_EQ(category_of("uff0000"), "Other");
  EXPECT_EQ(category_of("?******"), "Other");
  EXPECT_EQ(category_of(""), "Other");
  EXPECT_EQ(category_of("u0801"), "Other");
}

TEST(Category, UpperCaseDoesNotEscape) { EXPECT_EQ(category_of("u0E0100"), "Camera"); }

sysusb::DeviceRecord device(std::vector<sysusb::Interface> interfaces) {
  sysusb::DeviceRecord record;
  record.vendor_id = 0x0951;
  record.product_id = 0x1666;
  record.interfaces = std::move(interfaces);
  return record;
}

TEST(Description, PrefersTheDatabase) {
  const auto ids = UsbIds::parse(std::string(database));
  sysusb::DeviceRecord record = device({{8, 6, 0x50}});
  record.product = "Innocent Keyboard";
  EXPECT_EQ(describe(record, *ids), "USB_Storage: Kingston Technology DataTraveler 100 G3");
  EXPECT_EQ(describe(record, UsbIds()), "USB_Storage: unknown vendor Innocent Keyboard");
}

TEST(Description, FallsBackStepByStep) {
  const UsbIds none;
  sysusb::DeviceRecord record = device({});
  EXPECT_EQ(describe(record, none), "USB device: unknown vendor unknown usb device");
  record.serial = "S1";
  record.manufacturer = "ACME";
  EXPECT_EQ(describe(record, none), "USB device: ACME S1");
  record.interfaces = {{0xff, 0, 0}};
  EXPECT_EQ(describe(record, none), "Vendor Specific Class: ACME S1");
  record.interfaces = {{0xff, 0, 0}, {3, 0, 1}};
  EXPECT_EQ(describe(record, none), "Keyboard: ACME S1");
  record.product = "\x1b[31mred\n\xe2\x80\xae";
  EXPECT_EQ(describe(record, none), "Keyboard: ACME _[31mred__");
}

TEST(Sanitising, GivesOneUnderscoreForEachCharacter) {
  EXPECT_EQ(sanitise_text("aZ9 ~!<>&'\"\\"), "aZ9 ~!<>&'\"\\");
  EXPECT_EQ(sanitise_text("\xc3\xa9t\xc3\xa9"), "_t_");
  EXPECT_EQ(sanitise_text("\xf0\x9f\x98\x80x"), "_x");
  EXPECT_EQ(sanitise_text("\xff\xc3x\x80\xe2\x80"), "__x___");
  EXPECT_EQ(sanitise_text(std::string_view("\0\x7f", 2)), "__");
}

TEST(Properties, RoundTrip) {
  const Properties properties{
      {"device_id", "a:b"}, {"_read-only", "yes"}, {"x", "it's = 'q' y='z'"}, {"e", ""}};
  const auto back = parse_properties(format_properties(properties));
  ASSERT_TRUE(back.has_value()) << back.error().text;
  EXPECT_EQ(*back, properties);
  EXPECT_EQ(format_properties({{"a", "b'c\\d\\"}, {"k k=", "\n"}}), "a='b\\'c\\d_' k_k_='_'");
  EXPECT_TRUE(parse_properties("  ")->empty());
}

TEST(Properties, RefuseTheRest) {
  for (const char* text : {"a", "a=", "a=b", "a='b", "='b'", "a='b'c='d'", "a='b' a='c'", "a b='c'",
                           "a='\x1b'", "a='b\\'", "a=\"b\"", "a`='b'", "a='b' c"}) {
    EXPECT_FALSE(parse_properties(text).has_value()) << text;
  }
}

TEST(Properties, KeepTheirBounds) {
  using namespace base::device;
  std::string many;
  for (std::size_t i = 0; i < max_properties; ++i) many += "k" + std::to_string(i) + "='' ";
  EXPECT_TRUE(parse_properties(many).has_value());
  EXPECT_FALSE(parse_properties(many + "x=''").has_value());
  EXPECT_TRUE(parse_properties("k='" + std::string(max_property_value, 'v') + "'").has_value());
  EXPECT_FALSE(
      parse_properties("k='" + std::string(max_property_value + 1, 'v') + "'").has_value());
  EXPECT_FALSE(parse_properties(std::string(max_property_key + 1, 'k') + "=''").has_value());
}

}  // namespace
}  // namespace dom0
