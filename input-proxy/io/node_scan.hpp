// SPDX-License-Identifier: GPL-2.0-or-later
// The event nodes that are there now, from sysfs and, where udevd runs, from its database.
#pragma once

#include <filesystem>
#include <map>

#include "input-proxy/device_node.hpp"

struct udev;

namespace inputproxy::io {

// By N of eventN. `context` may be null: then without udev's words. A node that udevd has not
// looked at yet is left out; it comes with udevd's own event.
std::map<std::uint32_t, DeviceNode> scan_nodes(const std::filesystem::path& sysfs, udev* context);

}  // namespace inputproxy::io
