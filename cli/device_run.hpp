// SPDX-License-Identifier: GPL-2.0-or-later
// Does what a qvm-device command asks, by calls of the Admin API.
#pragma once

#include "cli/admin_call.hpp"
#include "cli/device_command.hpp"

namespace cli {

enum class Header { shown, hidden };  // of lists: shown on a terminal only

Outcome run_device_command(const DeviceCommand& command, const Admin& admin, Header header);

}  // namespace cli
