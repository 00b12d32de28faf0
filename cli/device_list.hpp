// SPDX-License-Identifier: GPL-2.0-or-later
// The rows of `qvm-usb list`.
#pragma once

#include <string>
#include <vector>

#include "cli/device_catalogue.hpp"
#include "cli/table.hpp"

namespace cli {

// nullptr if there is no device in this port.
const DeviceInfo* find_device(const DeviceCatalogue::Devices& devices, const std::string& port_id);

// The devices of these qubes and those that they use, sorted: place, description, who uses it.
base::Result<std::vector<Row>, CatalogueError> list_devices(DeviceCatalogue& catalogue,
                                                            const std::vector<std::string>& qubes);

}  // namespace cli
