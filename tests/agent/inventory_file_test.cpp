// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/inventory_file.hpp"

#include <gtest/gtest.h>

namespace agent {
namespace {

TEST(InventoryFile, ReadsDevices) {
  const auto records = parse_inventory_file(
      "# on paper\n"
      "port=2-1.4 vendor=0951 product=1666 manufacturer=Kingston name=\"DataTraveler 3.0\" "
      "serial=60A44C interfaces=080650,030101 bus=2 device=7 speed=super version=0110 usb=0300\n"
      "\n"
      "port=1-1 vendor=046d product=c52b # a mouse\n",
      "paper");
  ASSERT_TRUE(records.has_value()) << records.error().text;
  ASSERT_EQ(records->size(), 2U);
  const auto& stick = (*records)[0];
  EXPECT_EQ(stick.port_id, "2-1.4");
  EXPECT_EQ(stick.vendor_id, 0x0951);
  EXPECT_EQ(stick.product, "DataTraveler 3.0");
  EXPECT_EQ(stick.device, 7);
  EXPECT_EQ(stick.speed, sysusb::Speed::super);
  ASSERT_EQ(stick.interfaces.size(), 2U);
  EXPECT_EQ(stick.interfaces[1].interface_class, 3);
  EXPECT_EQ((*records)[1].port_id, "1-1");
}

TEST(InventoryFile, NamesTheLineAndTheField) {
  const auto wrong = [](const char* text) {
    const auto records = parse_inventory_file(text, "paper");
    return records ? std::string("ok") : records.error().text;
  };
  EXPECT_EQ(wrong("port=x\n"), "paper:1: bad value for 'port'");
  EXPECT_EQ(wrong("port=1-1 vendor=12345\n"), "paper:1: bad value for 'vendor'");
  EXPECT_EQ(wrong("\nport=1-1 interfaces=0806\n"), "paper:2: bad value for 'interfaces'");
  EXPECT_EQ(wrong("port=1-1 device=256\n"), "paper:1: bad value for 'device'");
  EXPECT_EQ(wrong("port=1-1 speed=warp\n"), "paper:1: bad value for 'speed'");
  const std::string long_serial = "port=1-1 serial=" + std::string(256, '7') + "\n";
  EXPECT_EQ(wrong(long_serial.c_str()), "paper:1: bad value for 'serial'");
  EXPECT_EQ(wrong("port\n"), "paper:1: expected key=value");
  EXPECT_EQ(wrong("port=1-1 name=\"open\n"), "paper:1: expected key=value");
}

}  // namespace
}  // namespace agent
