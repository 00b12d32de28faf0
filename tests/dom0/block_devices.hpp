// SPDX-License-Identifier: GPL-2.0-or-later
// A stick with one partition, as its qube tells dom0 of it: the USB device, the disk, the
// partition.
#pragma once

#include "dom0/device.hpp"

namespace dom0::test {

inline sysusb::DeviceRecord usb_stick() {
  sysusb::DeviceRecord record;
  record.port_id = "2-1.4";
  record.vendor_id = 0x0951;
  record.product_id = 0x1666;
  record.serial = "60A44C";
  record.interfaces = {{8, 6, 0x50}};
  return record;
}

inline sysusb::BlockRecord disk() {
  sysusb::BlockRecord record;
  record.port_id = "sda";
  record.size = 62'075'699'200;
  record.usb_interface = "2-1.4:1.0";
  record.model = "DataTraveler_3.0";
  return record;
}

inline sysusb::BlockRecord partition(const std::string& port_id = "sda1",
                                     std::uint16_t number = 1) {
  sysusb::BlockRecord record = disk();
  record.port_id = port_id;
  record.kind = sysusb::BlockKind::partition;
  record.parent = "sda";
  record.partition = number;
  record.label = "KEY";
  return record;
}

inline sysusb::BlockRecord loop_device() {
  sysusb::BlockRecord record;
  record.port_id = "loop0";
  record.kind = sysusb::BlockKind::loop;
  record.size = 4096;
  record.backing = "/var/lib/image";
  return record;
}

}  // namespace dom0::test
