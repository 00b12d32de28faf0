// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport snapshot`.
#pragma once

#include "base/io/paths.hpp"
#include "cli/admin_call.hpp"
#include "cli/arguments.hpp"
#include "cli/device_command.hpp"

namespace cli::io {

// What follows "sallyport snapshot". Progress goes to stderr meanwhile, if that is a terminal.
Outcome run_snapshot(const Words& words, const Admin& admin, const base::io::Paths& paths,
                     std::size_t columns);

}  // namespace cli::io
