// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/device_lines.hpp"

#include <gtest/gtest.h>

#include "dom0/admin_request.hpp"

namespace dom0 {
namespace {

sysusb::DeviceRecord data_traveler() {
  sysusb::DeviceRecord record;
  record.port_id = "2-1.4";
  record.vendor_id = 0x0951;
  record.product_id = 0x1666;
  record.manufacturer = "Kingston";
  record.product = "DataTraveler 3.0";
  record.serial = "60A4";
  record.interfaces = {{8, 6, 0x50}};
  return record;
}

UsbIds ids() { return *UsbIds::parse("0951  Kingston Technology\n\t1666  DataTraveler 100 G3\n"); }

TEST(DeviceId, IsQubes) {
  EXPECT_EQ(device_id(data_traveler()), "0951:1666:60A4:u080650");
  sysusb::DeviceRecord receiver;
  receiver.vendor_id = 0x046d;
  receiver.product_id = 0xc52b;
  receiver.interfaces = {{3, 1, 1}, {3, 1, 2}};
  EXPECT_EQ(device_id(receiver), "046d:c52b::u030101u030102");
  EXPECT_EQ(device_id(sysusb::DeviceRecord{}), "0000:0000::?******");
}

TEST(DeviceId, SurvivesTheWayThroughARequestWhateverTheSerial) {
  for (const char* serial :
       {"", "60A4", "a+b:c", "_", "_______", "*", "?******", "a b'c\"d\\", "\x1b[2J",
        "\xe2\x80\xae"
        "abc",
        "\xff\xfe", "../../etc"}) {
    sysusb::DeviceRecord record = data_traveler();
    record.serial = serial;
    const DeviceRef ref{"sys-usb", record.port_id, device_id(record)};
    const auto back = parse_device_ref(format_device_ref(ref));
    ASSERT_TRUE(back.has_value()) << serial << ": " << back.error().text;
    EXPECT_EQ(*back, ref) << serial;
    EXPECT_TRUE(matches(*back, record));
  }
}

TEST(DeviceId, OfTheLargestRecordFitsARequest) {
  sysusb::DeviceRecord record = data_traveler();
  record.port_id = std::string("1-1") + std::string(14, '.') + "1";
  record.port_id = "1-1.1.1.1.1.1.1.1.1.1.1.1.1.1.1";
  record.serial = std::string(255, 's');
  record.interfaces.assign(sysusb::max_interfaces, {255, 255, 255});
  EXPECT_EQ(record.port_id.size(), sysusb::max_port_id);
  EXPECT_EQ(device_id(record).size(), max_usb_device_id);
  const std::string backend(31, 'b');
  const std::string argument = format_device_ref({backend, record.port_id, device_id(record)});
  const std::string request =
      "admin.vm.device.usb.Attach+" + argument + " dom0 name " + std::string(31, 'w') + '\0';
  const auto parsed = parse_admin_request(base::wire::as_bytes(request));
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  EXPECT_TRUE(matches(*parse_device_ref(parsed->argument), record));
}

TEST(DeviceRefParser, TakesWildcards) {
  EXPECT_EQ(*parse_device_ref("sys-usb+2-1+_"), (DeviceRef{"sys-usb", "2-1", "*"}));
  EXPECT_EQ(*parse_device_ref("sys-usb+2-1"), (DeviceRef{"sys-usb", "2-1", "*"}));
  EXPECT_EQ(*parse_device_ref("test-vm1+_+dead+beef+babe+u012345"),
            (DeviceRef{"test-vm1", "*", "dead:beef:babe:u012345"}));
  EXPECT_EQ(*parse_device_ref("test-vm1+dev7+0000+0000++_______"),
            (DeviceRef{"test-vm1", "dev7", "0000:0000::?******"}));
}

TEST(DeviceRefParser, RefusesTheRest) {
  for (const char* text : {"", "sys-usb", "+2-1", "sys-usb+", "sys usb+2-1", "sys-usb+2/1",
                           "sys-usb+2-1+", "sys-usb+2-1+a", "sys-usb+2-1+a+b+c", "sys-usb+2-1+*",
                           "a+b+1+2+3+4+5+6+7", "a+b+1+2+x'y+4", "sys-usb+2-1:x"}) {
    EXPECT_FALSE(parse_device_ref(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_device_ref("a+" + std::string(32, '1')).has_value());
  EXPECT_FALSE(parse_device_ref(std::string(5000, '+')).has_value());
}

TEST(DeviceRef, MatchesByPortAndIdentity) {
  EXPECT_TRUE(matches({"b", "2-1.4", "*"}, data_traveler()));
  EXPECT_TRUE(matches({"b", "*", "0951:1666:60A4:u080650"}, data_traveler()));
  EXPECT_FALSE(matches({"b", "2-1", "*"}, data_traveler()));
  EXPECT_FALSE(matches({"b", "2-1.4", "0951:1666:60A5:u080650"}, data_traveler()));
}

TEST(DeviceLines, HoldWhatClientsRead) {
  EXPECT_EQ(
      available_line(data_traveler(), ids(), "sys-usb", "work", {{"last-detach", "it's gone"}}),
      "2-1.4:0951:1666:60A4:u080650 device_id='0951:1666:60A4:u080650' port_id='2-1.4' "
      "devclass='usb' backend_domain='sys-usb' vendor='Kingston Technology' "
      "product='DataTraveler 100 G3' manufacturer='Kingston' name='DataTraveler 3.0' "
      "serial='60A4' attachment='work' interfaces='u080650' _last-detach='it\\'s gone'\n");
  EXPECT_EQ(attached_line(data_traveler(), "sys-usb", "work"),
            "sys-usb+2-1.4:0951:1666:60A4:u080650 device_id='0951:1666:60A4:u080650' "
            "port_id='2-1.4' devclass='usb' backend_domain='sys-usb' mode='manual' "
            "frontend_domain='work'\n");
}

TEST(DeviceLines, CannotBeForgedByADevice) {
  sysusb::DeviceRecord evil = data_traveler();
  evil.product = "x' attachment='vault' _y='\n2-9:forged\\";
  evil.serial = "a\\";
  const std::string line = available_line(evil, UsbIds(), "sys-usb", "");
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto properties = base::device::parse_properties(
      std::string_view(line).substr(line.find(' '), line.size() - 1 - line.find(' ')));
  ASSERT_TRUE(properties.has_value()) << properties.error().text;
  EXPECT_EQ(base::device::find_property(*properties, "attachment"), nullptr);
  EXPECT_EQ(*base::device::find_property(*properties, "name"),
            "x' attachment='vault' _y='_2-9:forged_");
}

}  // namespace
}  // namespace dom0
