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
  const auto& stick = std::get<sysusb::DeviceRecord>((*records)[0]);
  EXPECT_EQ(stick.port_id, "2-1.4");
  EXPECT_EQ(stick.vendor_id, 0x0951);
  EXPECT_EQ(stick.product, "DataTraveler 3.0");
  EXPECT_EQ(stick.device, 7);
  EXPECT_EQ(stick.speed, sysusb::Speed::super);
  ASSERT_EQ(stick.interfaces.size(), 2U);
  EXPECT_EQ(stick.interfaces[1].interface_class, 3);
  EXPECT_EQ(stick.described, stick.interfaces);
  EXPECT_EQ(sysusb::port_id_of((*records)[1]), "1-1");
}

TEST(InventoryFile, ReadsWhatIsDescribedBeyondTheInterfacesInUse) {
  const auto records = parse_inventory_file(
      "port=2-1 interfaces=080650 described=080650,080662 usbguard-hash=" + std::string(64, '4'),
      "paper");
  ASSERT_TRUE(records.has_value()) << records.error().text;
  const auto& stick = std::get<sysusb::DeviceRecord>((*records)[0]);
  EXPECT_EQ(stick.described, (std::vector<sysusb::Interface>{{8, 6, 0x50}, {8, 6, 0x62}}));
  EXPECT_EQ(stick.usbguard_hash, std::string(32, 'D'));
  EXPECT_FALSE(parse_inventory_file("port=2-1 described=0806", "f").has_value());
  EXPECT_FALSE(parse_inventory_file("port=2-1 usbguard-hash=44", "f").has_value());
}

TEST(InventoryFile, ReadsBlockDevices) {
  const auto records = parse_inventory_file(
      "block=sda size=62075699200 medium=removable usb-interface=2-1.4:1.0 model=\"DT 3.0\"\n"
      "block=sda1 size=4096 kind=partition parent=sda partition=1 mode=ro sector=512 "
      "physical-sector=4096 label=KEY serial=60A44C\n"
      "block=loop0 size=512 kind=loop backing=\"/a b\"\n",
      "paper");
  ASSERT_TRUE(records.has_value()) << records.error().text;
  ASSERT_EQ(records->size(), 3U);
  const auto& disk = std::get<sysusb::BlockRecord>((*records)[0]);
  EXPECT_EQ(disk.port_id, "sda");
  EXPECT_EQ(disk.size, 62075699200U);
  EXPECT_EQ(disk.medium, sysusb::Medium::removable);
  EXPECT_EQ(disk.usb_interface, "2-1.4:1.0");
  EXPECT_EQ(disk.model, "DT 3.0");
  const auto& partition = std::get<sysusb::BlockRecord>((*records)[1]);
  EXPECT_EQ(partition.kind, sysusb::BlockKind::partition);
  EXPECT_EQ(partition.mode, sysusb::BlockMode::read_only);
  EXPECT_EQ(partition.parent, "sda");
  EXPECT_EQ(partition.physical_sector_size, 4096U);
  EXPECT_EQ(partition.label, "KEY");
  EXPECT_EQ(std::get<sysusb::BlockRecord>((*records)[2]).backing, "/a b");
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
  EXPECT_EQ(wrong("block=2-1 size=1\n"), "paper:1: bad value for 'block'");
  EXPECT_EQ(wrong("block=sda\n"), "paper:1: bad value for 'size'");
  EXPECT_EQ(wrong("block=sda size=1x\n"), "paper:1: bad value for 'size'");
  EXPECT_EQ(wrong("block=sda size=1 kind=tape\n"), "paper:1: bad value for 'kind'");
  EXPECT_EQ(wrong("block=sda size=1 mode=wo\n"), "paper:1: bad value for 'mode'");
  EXPECT_EQ(wrong("block=sda size=1 medium=paper\n"), "paper:1: bad value for 'medium'");
  EXPECT_EQ(wrong("block=sda size=1 parent=sdb\n"), "paper:1: bad value for 'parent'");
  EXPECT_EQ(wrong("block=sda size=1 partition=65536\n"), "paper:1: bad value for 'partition'");
  EXPECT_EQ(wrong("block=sda size=1 sector=100\n"), "paper:1: bad value for 'sector'");
  EXPECT_EQ(wrong("block=sda size=1 usb-interface=2-1\n"),
            "paper:1: bad value for 'usb-interface'");
  const std::string long_label = "block=sda size=1 label=" + std::string(256, '7') + "\n";
  EXPECT_EQ(wrong(long_label.c_str()), "paper:1: bad value for 'label'");
  EXPECT_EQ(wrong("port\n"), "paper:1: expected key=value");
  EXPECT_EQ(wrong("port=1-1 name=\"open\n"), "paper:1: expected key=value");
}

}  // namespace
}  // namespace agent
