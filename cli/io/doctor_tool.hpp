// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport doctor`, with the host: it looks itself, so it works without the daemon.
#pragma once

#include "base/io/paths.hpp"
#include "cli/device_command.hpp"

namespace cli::io {

// What follows "sallyport doctor". Exit code 1: a problem was found.
Outcome run_doctor(const Words& words, const base::io::Paths& paths, std::size_t columns);

}  // namespace cli::io
