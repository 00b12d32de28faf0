// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/device.hpp"

#include <gtest/gtest.h>

#include "dom0/denied_interfaces.hpp"
#include "dom0/device_description.hpp"
#include "dom0/device_history.hpp"
#include "dom0/device_lines.hpp"
#include "tests/dom0/block_devices.hpp"

namespace dom0 {
namespace {

using test::disk;
using test::loop_device;
using test::partition;
using test::usb_stick;

const std::string usb_id = "0951:1666:60A44C:u080650";

// The worked example of Qubes' block extension.
TEST(BlockDevice, HasTheIdOfItsUsbDeviceInterfaceAndPartition) {
  EXPECT_EQ(device_id(usb_stick()), usb_id);
  EXPECT_EQ(device_id(Device(disk(), usb_id)), usb_id + ":1.0");
  EXPECT_EQ(device_id(Device(partition(), usb_id)), usb_id + ":1.0:1");
}

TEST(BlockDevice, OffUsbHasAnIdOfFourParts) {
  EXPECT_EQ(device_id(loop_device()), "0000:0000::b******");
  sysusb::BlockRecord inner = partition();
  inner.usb_interface.clear();
  inner.serial = "S:1 2";
  EXPECT_EQ(device_id(inner), "0000:0000:S_1_2:b******:1");
}

TEST(BlockDevice, IdsSurviveTheWayThroughARequest) {
  for (const Device& device :
       {Device(disk(), usb_id), Device(partition("sda15", 15), usb_id), Device(loop_device())}) {
    const DeviceRef ref{"sys-usb", device.port_id(), device_id(device)};
    const auto back = parse_device_ref(format_device_ref(ref));
    ASSERT_TRUE(back.has_value()) << back.error().text;
    EXPECT_EQ(*back, ref);
    EXPECT_TRUE(matches(*back, device));
  }
}

TEST(BlockDevice, IsListedAsQubesListsIt) {
  const Device device(partition(), usb_id);
  EXPECT_EQ(&device.device_class(), &block_class);
  EXPECT_EQ(available_line(device, UsbIds(), "sys-usb", ""),
            "sda1:" + usb_id + ":1.0:1 device_id='" + usb_id +
                ":1.0:1' port_id='sda1' devclass='block' backend_domain='sys-usb' "
                "manufacturer='sub-device of sda' name='DataTraveler_3.0 (KEY)' "
                "interfaces='b******' parent_port_id='sda' parent_devclass='block'\n");
  const std::string loop = available_line(loop_device(), UsbIds(), "sys-usb", "");
  EXPECT_NE(loop.find("manufacturer='hosted by sys-usb' name='/var/lib/image'"), std::string::npos)
      << loop;
  EXPECT_NE(available_line(Device(disk(), usb_id), UsbIds(), "sys-usb", "")
                .find("parent_port_id='2-1.4' parent_devclass='usb'"),
            std::string::npos);
  EXPECT_EQ(attached_line(device, "sys-usb", "work", {{"read-only", "yes"}}),
            "sys-usb+sda1:" + usb_id + ":1.0:1 device_id='" + usb_id +
                ":1.0:1' port_id='sda1' devclass='block' backend_domain='sys-usb' mode='manual' "
                "frontend_domain='work' _read-only='yes'\n");
  EXPECT_EQ(options_text({{"read-only", "yes"}, {"devtype", "cdrom"}}),
            "{'read-only': 'yes', 'devtype': 'cdrom'}");
  EXPECT_EQ(options_text({}), "{}");
}

TEST(BlockDevice, IsDeniedByPatternsOfBlockDevicesOnly) {
  EXPECT_EQ(denied_interface("u08****", disk()), "");
  EXPECT_EQ(denied_interface("b******", disk()), "b******");
  EXPECT_EQ(denied_interface("*******", disk()), "b******");
}

// A stick that was formatted anew is the same stick.
TEST(BlockDevice, StaysKnownWhateverIsWrittenToIt) {
  sysusb::BlockRecord formatted = partition();
  formatted.label = "OTHER";
  formatted.size = 512;
  EXPECT_EQ(fingerprint_of(Device(partition(), usb_id)), fingerprint_of(Device(formatted, usb_id)));
  EXPECT_NE(fingerprint_of(Device(partition(), usb_id)), fingerprint_of(Device(disk(), usb_id)));
  EXPECT_NE(history_key(Device(partition(), usb_id), "sys-usb"),
            history_key(Device(partition(), usb_id), "other"));
}

TEST(ShareHardware, IsWhatIsPartOfWhat) {
  EXPECT_TRUE(share_hardware(disk(), partition()));
  EXPECT_TRUE(share_hardware(partition(), disk()));
  EXPECT_TRUE(share_hardware(usb_stick(), partition()));
  EXPECT_TRUE(share_hardware(disk(), usb_stick()));
  EXPECT_TRUE(share_hardware(partition(), partition()));
  EXPECT_FALSE(share_hardware(partition(), partition("sda2", 2)));
  EXPECT_FALSE(share_hardware(disk(), loop_device()));
  EXPECT_FALSE(share_hardware(usb_stick(), loop_device()));
  sysusb::BlockRecord other = disk();
  other.port_id = "sdb";
  EXPECT_FALSE(share_hardware(other, partition())) << "two disks of a card reader";
  EXPECT_TRUE(share_hardware(usb_stick(), other));
}

TEST(DeviceClasses, AreFoundByNameAndByService) {
  EXPECT_EQ(find_class("usb"), &usb_class);
  EXPECT_EQ(find_class("block"), &block_class);
  EXPECT_EQ(find_class("pci"), nullptr);
  EXPECT_EQ(class_of_service("sallyport.Block+sda1"), &block_class);
  EXPECT_EQ(class_of_service("qubes.USB+2-1"), &usb_class);
  EXPECT_EQ(class_of_service("qubes.USB"), &usb_class);
  EXPECT_EQ(class_of_service("qubes.USBAttach"), nullptr);
  EXPECT_EQ(class_of_service(""), nullptr);
}

}  // namespace
}  // namespace dom0
