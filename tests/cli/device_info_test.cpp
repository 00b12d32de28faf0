// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/device_info.hpp"

#include <gtest/gtest.h>

#include "cli/table.hpp"

namespace cli {
namespace {

TEST(AvailableLine, IsRead) {
  const auto device = parse_available(
      "2-1:0951:1666:60A4:u080650 device_id='0951:1666:60A4:u080650' port_id='2-1' vendor='K\\'s' "
      "interfaces='u080650u030101' _last-detach='work: gone' colour='red'",
      "usb", "sys-usb");
  ASSERT_TRUE(device.has_value()) << device.error().text;
  EXPECT_TRUE(device->known);
  EXPECT_EQ(device->port(), "sys-usb:2-1");
  EXPECT_EQ(device->device_id, "0951:1666:60A4:u080650");
  EXPECT_EQ(device->names.vendor, "K's");
  EXPECT_EQ(device->names.interfaces, (std::vector<std::string>{"u080650", "u030101"}));
  EXPECT_EQ(device->extras,
            (base::device::Properties{{"last-detach", "work: gone"}, {"colour", "red"}}));
}

TEST(AvailableLine, MakesAnUnknownDeviceWhenItContradictsItself) {
  for (const char* line : {"2-1:a:b:c:d device_id='other'", "2-1:a:b:c:d port_id='2-2'",
                           "2-1:a:b:c:d backend_domain='vault'", "2-1:a:b:c:d vendor='no end",
                           "2-1:a:b:c:d vendor=x", "2-1:a:b:c:d a='1' a='2'"}) {
    const auto device = parse_available(line, "usb", "sys-usb");
    ASSERT_TRUE(device.has_value()) << line;
    EXPECT_FALSE(device->known) << line;
    EXPECT_EQ(device->device_id, unknown_device_id);
  }
}

TEST(AvailableLine, IsRefusedWithoutAPort) {
  for (const char* line : {"", "2-1", " 2-1:x", ":x", "2\x1b:x", "2/1:x a='b'"}) {
    EXPECT_FALSE(parse_available(line, "usb", "sys-usb").has_value()) << line;
  }
}

TEST(AttachedLine, IsRead) {
  const auto attached = parse_attached(
      "sys-usb+sda1:x:y port_id='sda1' _read-only='yes' _frontend-dev='xvdi'", "work");
  ASSERT_TRUE(attached.has_value());
  EXPECT_EQ(attached->port(), "sys-usb:sda1");
  EXPECT_EQ(attached->device_id, "x:y");
  EXPECT_EQ(attached->frontend, "work");
  EXPECT_EQ(attached->options,
            (base::device::Properties{{"read-only", "yes"}, {"frontend-dev", "xvdi"}}));
  for (const char* line : {"sda1:x", "+sda1:x", "sys-usb+:x", "sys-usb+sda1", "a+b:c d"}) {
    EXPECT_FALSE(parse_attached(line, "work").has_value()) << line;
  }
}

TEST(QubeLine, IsRead) {
  const auto qube = parse_qube("work class=AppVM state=Running");
  ASSERT_TRUE(qube.has_value());
  EXPECT_EQ(qube->name, "work");
  EXPECT_EQ(qube->state, "Running");
  EXPECT_FALSE(parse_qube("").has_value());
  EXPECT_FALSE(parse_qube("wo\x1brk state=Running").has_value());
}

TEST(DeviceArgument, IsTheWorkedExample) {
  EXPECT_EQ(device_argument("test-vm1", "dev1", "dead:beef:babe:u012345"),
            "test-vm1+dev1+dead+beef+babe+u012345");
  EXPECT_EQ(device_argument("test-vm1", "dev1", "*"), "test-vm1+dev1+_");
  EXPECT_EQ(device_argument("test-vm1", "dev7", unknown_device_id),
            "test-vm1+dev7+0000+0000++_______");
}

TEST(Table, PadsAllButTheLastColumn) {
  EXPECT_EQ(format_table({{"a", "bcc", ""}, {"ddd", "e", "x"}}), "a    bcc  \nddd  e    x\n");
  EXPECT_EQ(format_table({}), "");
}

}  // namespace
}  // namespace cli
