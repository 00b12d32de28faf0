// SPDX-License-Identifier: GPL-2.0-or-later
// `qvm-usb watch`: follows the daemon's events until Ctrl-C.
#pragma once

#include <filesystem>

#include "cli/device_command.hpp"

namespace cli::io {

// Prints as it goes; the exit status. Connects again when the daemon restarts, and then prints the
// present list again, for nobody knows what happened meanwhile.
int watch(const DeviceCommand& command, const std::filesystem::path& socket);

}  // namespace cli::io
