// SPDX-License-Identifier: GPL-2.0-or-later
// Joins record and database; see the header.
#include "dom0/device_description.hpp"

#include "base/device/properties.hpp"

namespace dom0 {
namespace {

using base::device::sanitise_text;

base::device::DeviceNames usb_names(const sysusb::DeviceRecord& record, const UsbIds& ids) {
  UsbName name = ids.find(record.vendor_id, record.product_id);
  base::device::DeviceNames names;
  names.vendor = std::move(name.vendor);
  names.product = std::move(name.product);
  names.manufacturer = sanitise_text(record.manufacturer);
  names.name = sanitise_text(record.product);
  names.serial = sanitise_text(record.serial);
  return names;
}

base::device::DeviceNames block_names(const Device& device) {
  const sysusb::BlockRecord& record = *device.block();
  const Device::Parent parent = device.parent();
  base::device::DeviceNames names;
  names.device_class = "block";
  // As Qubes fills it in: what makes a disk is not the disk's to say.
  if (!parent.port_id.empty()) names.manufacturer = "sub-device of " + parent.port_id;
  names.name = sanitise_text(record.backing.empty() ? record.model : record.backing);
  if (!record.label.empty()) names.name += " (" + sanitise_text(record.label) + ")";
  names.serial = sanitise_text(record.serial);
  names.parent = parent.port_id;
  return names;
}

}  // namespace

base::device::DeviceNames names_of(const Device& device, const UsbIds& ids) {
  base::device::DeviceNames names =
      device.block() != nullptr ? block_names(device) : usb_names(*device.usb(), ids);
  names.interfaces = interface_codes(device);
  return names;
}

std::string describe(const Device& device, const UsbIds& ids) {
  return base::device::describe(names_of(device, ids));
}

}  // namespace dom0
