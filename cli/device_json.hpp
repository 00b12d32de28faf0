// SPDX-License-Identifier: GPL-2.0-or-later
// Devices as JSON for programs. The keys are a promise: qvm-usb(1) names them.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "cli/device_list.hpp"

namespace cli {

boost::json::object json_of(const DeviceInfo& device);
boost::json::object json_of(const ListedDevice& device);
boost::json::array json_of(const std::vector<ListedDevice>& devices);
boost::json::object json_of(const base::device::Properties& properties);

}  // namespace cli
