// SPDX-License-Identifier: GPL-2.0-or-later
// Joins record and database; see the header.
#include "dom0/device_description.hpp"

#include "base/device/properties.hpp"
#include "dom0/device_lines.hpp"

namespace dom0 {

base::device::DeviceNames names_of(const sysusb::DeviceRecord& record, const UsbIds& ids) {
  UsbName name = ids.find(record.vendor_id, record.product_id);
  base::device::DeviceNames names;
  names.vendor = std::move(name.vendor);
  names.product = std::move(name.product);
  names.manufacturer = base::device::sanitise_text(record.manufacturer);
  names.name = base::device::sanitise_text(record.product);
  names.serial = base::device::sanitise_text(record.serial);
  for (const sysusb::Interface& each : record.interfaces) {
    names.interfaces.push_back(interface_code(each));
  }
  return names;
}

std::string describe(const sysusb::DeviceRecord& record, const UsbIds& ids) {
  return base::device::describe(names_of(record, ids));
}

}  // namespace dom0
