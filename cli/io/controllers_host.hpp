// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the USB controllers of this host from sysfs, and runs `sallyport controllers`.
#pragma once

#include <filesystem>

#include "base/io/paths.hpp"
#include "cli/arguments.hpp"
#include "cli/controllers.hpp"
#include "cli/device_command.hpp"

namespace cli::io {

// Sorted by address.
std::vector<controllers::Controller> read_controllers(const std::filesystem::path& sys);

// Exit code 1 if a controller that a qube has, by the registry, is the last keyboard's.
Outcome run_controllers(const Words& words, const base::io::Paths& paths, std::size_t columns);

}  // namespace cli::io
