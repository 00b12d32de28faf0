// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport log`, with the files: it reads them itself, so it works without the daemon.
#pragma once

#include "base/io/paths.hpp"
#include "cli/arguments.hpp"

namespace cli::io {

// What follows "sallyport log". Prints as it reads; the exit code.
int run_log(const Words& words, const base::io::Paths& paths, std::size_t columns);

}  // namespace cli::io
