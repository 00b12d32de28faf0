// SPDX-License-Identifier: GPL-2.0-or-later
// What `qvm-usb list` shows: devices with who uses them, and assignments with who is to get them.
#pragma once

#include <string>
#include <vector>

#include "cli/device_catalogue.hpp"
#include "cli/table.hpp"

namespace cli {

// One row. The pointers are into the catalogue that it was made from.
struct ListedDevice {
  enum class Kind { device, assignment };

  Kind kind = Kind::device;
  std::string backend;
  std::string port_id;
  std::string device_id;
  const DeviceInfo* info = nullptr;  // of a device that is there
  std::vector<const Attachment*> users;

  std::string description() const;
};

struct ListRequest {
  std::vector<std::string> qubes;
  enum class Named { by_user, all } named = Named::all;  // a qube of `all` may go away meanwhile
  enum class Assignments { hidden, shown } assignments = Assignments::hidden;
};

// nullptr if there is no device in this port.
const DeviceInfo* find_device(const DeviceCatalogue::Devices& devices, const std::string& port_id);

// The devices of these qubes and those that they use; then, as in Qubes, every assignment there is.
base::Result<std::vector<ListedDevice>, CatalogueError> list_devices(DeviceCatalogue& catalogue,
                                                                     const ListRequest& request);

enum class Address { hidden, shown };  // the SBDF of PCI devices

// Sorted: place, address if shown, description, who uses it.
std::vector<Row> rows_of(const std::vector<ListedDevice>& devices, Address address);
Row list_header(Address address);

}  // namespace cli
