// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport scan`: signed reports, on any machine.
#pragma once

#include "base/io/paths.hpp"
#include "cli/admin_call.hpp"
#include "cli/arguments.hpp"
#include "cli/device_command.hpp"

namespace cli::io {

// Of `verify`: the report cannot be relied on, or it is about another medium.
inline constexpr int exit_not_verified = 3;

// What follows "sallyport scan".
Outcome run_scan(const Words& words, const Admin& admin, const base::io::Paths& paths,
                 std::size_t columns);

}  // namespace cli::io
