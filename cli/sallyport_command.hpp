// SPDX-License-Identifier: GPL-2.0-or-later
// The program `sallyport`: what is our own beside Qubes' tools.
#pragma once

#include "cli/admin_call.hpp"
#include "cli/device_command.hpp"

namespace cli {

Outcome run_sallyport(const Words& words, const Admin& admin, std::size_t columns);

// The table of a command's arguments: of the program itself, of {"status"}, of {"deny", "add"}.
CommandSpec sallyport_spec(const Words& path);

}  // namespace cli
