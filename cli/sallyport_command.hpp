// SPDX-License-Identifier: GPL-2.0-or-later
// The program `sallyport`: what is our own beside Qubes' tools.
#pragma once

#include "cli/admin_call.hpp"
#include "cli/device_command.hpp"

namespace cli {

Outcome run_sallyport(const Words& words, const Admin& admin, std::size_t columns);

}  // namespace cli
