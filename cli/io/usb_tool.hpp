// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport usb`: policy from USBGuard's rules, or for the devices that are plugged in.
#pragma once

#include "cli/admin_call.hpp"
#include "cli/device_command.hpp"

namespace cli::io {

// What stands after "usb". The policy is the output, or a new file; it is put in force by nobody
// but the person who puts it into a policy folder.
Outcome run_usb(const Words& words, const Admin& admin, std::size_t columns);

}  // namespace cli::io
