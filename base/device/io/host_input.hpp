// SPDX-License-Identifier: GPL-2.0-or-later
// Reads this host's keyboards and pointers from sysfs.
#pragma once

#include <filesystem>

#include "base/device/host_input.hpp"

namespace base::device::io {

HostInput read_host_input(const std::filesystem::path& sys);

}  // namespace base::device::io
