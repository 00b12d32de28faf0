// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport db`: works on files, without the daemon.
#pragma once

#include "base/io/paths.hpp"
#include "cli/arguments.hpp"
#include "cli/device_command.hpp"

namespace cli::io {

// What follows "sallyport db".
Outcome run_db(const Words& words, const base::io::Paths& paths, std::size_t columns);

}  // namespace cli::io
