// SPDX-License-Identifier: GPL-2.0-or-later
// Reads what there is to know of this qube's block devices, without opening one.
#pragma once

#include <libudev.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/wire/result.hpp"
#include "sys-usb/block_facts.hpp"

namespace sysusb {

using UdevProperties = std::map<std::string, std::string, std::less<>>;
// By the kernel's name; nothing while udevd has not looked at the device.
using UdevLookup = std::function<std::optional<UdevProperties>(const std::string& name)>;

// libudev's database, through a context that lives as long; without udevd nobody has properties.
UdevLookup udev_database(udev* context);

struct BlockSources {
  std::filesystem::path sysfs = "/sys";
  std::filesystem::path mountinfo = "/proc/self/mountinfo";  // this mount namespace's only
  std::filesystem::path swaps = "/proc/swaps";
  UdevLookup udev;
};

// Sorted by name. An error where a part of the picture is missing (more than 1,024 devices, mounts
// that cannot be read): nothing may be exposed then.
base::Result<std::vector<BlockFacts>> scan_block_devices(const BlockSources& sources);

}  // namespace sysusb
